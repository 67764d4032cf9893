import { sameData } from "../lib/same-data.ts";
import type { Decision, Facts } from "./decision.ts";
import { DomainError, type Refusal, refusal } from "./errors.ts";
import { inUserUpdate, type StateChange } from "./generations.ts";
import { decideSetPhone, decideVerification, type SetPhone } from "./phone.ts";
import { normalizePhoneNumber } from "./phone-number.ts";
import { requireMetadataBounded } from "./sizes.ts";
import type { Email, MetadataEntry, Profile, UserEvent, UserSchema } from "./user-events.ts";
import { exists, type UserState } from "./user-state.ts";

/** The deciders of an account's life: add, change, lock, deactivate, remove, roles. */

export const accountErrors = {
  idTaken: refusal("failed_precondition", "COMMAND-7yiox1isql", "Errors.User.AlreadyExisting"),
  userNameTaken: refusal("already_exists", "V3-DKcYh", "Errors.User.UserName.Taken"),
  getMissing: refusal("not_found", "QUERY-Dfbg2", "Errors.User.NotFound"),
  changeMissing: refusal("not_found", "COMMAND-ugjs0upun6", "Errors.User.NotFound"),
  phoneContradiction: refusal("invalid_argument", "USERv2-4f3d6", "Errors.User.Phone.Contradiction"),
  rolesMissing: refusal("not_found", "ROLES-u5Nf3", "Errors.User.NotFound"),
  roleUnknown: refusal("invalid_argument", "ROLES-k7Qx2", "Errors.Role.Unknown"),
} as const;

export interface AddHumanUser {
  readonly userId: string;
  readonly resourceOwner: string;
  readonly userName: string;
  readonly profile: Profile;
  readonly email: Email;
  readonly metadata: readonly MetadataEntry[];
  readonly issuer?: string;
  readonly schema?: UserSchema;
  readonly phone?: SetPhone;
}

/** No less than the contract lets one value be, with its key. */
const metadataBytesMax = 512 * 1024;

/** @throws DomainError if the id is taken, the number is bad, or the metadata is too large */
export function decideAddHumanUser(
  state: UserState | undefined,
  command: AddHumanUser,
  facts: Facts,
): Decision {
  if (exists(state)) throw new DomainError(accountErrors.idTaken);
  requireMetadataBounded(command.metadata, metadataBytesMax);
  const { userId, phone, schema, ...data } = command;
  const schemaSet: readonly UserEvent[] =
    schema === undefined ? [] : [{ type: "user.schema.set", data: schema }];
  if (phone === undefined) return { events: [{ type: "user.human.added", data }, ...schemaSet] };
  const number = normalizePhoneNumber(phone.number, facts.policy.phoneNumber);
  const added: UserEvent = { type: "user.human.added", data: { ...data, phone: number } };
  const { events, ...code } = decideVerification({ id: userId }, number, phone, facts);
  return { events: [added, ...schemaSet, ...events], ...code };
}

/** @throws DomainError if the id is taken */
export function decideAddMachineUser(
  state: UserState | undefined,
  machine: Extract<UserEvent, { type: "user.machine.added" }>["data"],
): Decision {
  if (exists(state)) throw new DomainError(accountErrors.idTaken);
  return { events: [{ type: "user.machine.added", data: machine }] };
}

/** What is left out stays as it is. */
export interface ChangeHumanUser {
  readonly userName?: string;
  readonly profile?: Partial<Profile>;
  readonly email?: Email;
  readonly schema?: Partial<UserSchema>;
  readonly phone?: SetPhone | "removed";
}

const noSchema: UserSchema = { schemaId: "", data: {} };

/** What is the same already makes no event. @throws DomainError for a bad number */
export function decideChangeHumanUser(user: UserState, command: ChangeHumanUser, facts: Facts): Decision {
  const { email, schema, phone } = command;
  const changed: UserEvent[] = [...userNameChange(user, command.userName)];
  const profile = { ...user.profile, ...command.profile };
  if (!sameData(user.profile, profile)) {
    changed.push({ type: "user.human.profile.changed", data: profile });
  }
  if (email !== undefined && !isSameEmail(user.email, email)) {
    changed.push({ type: "user.human.email.changed", data: email });
  }
  const newSchema = { ...(user.schema ?? noSchema), ...schema };
  if (!sameData(user.schema ?? noSchema, newSchema)) {
    changed.push({ type: "user.schema.set", data: newSchema });
  }
  const { events, ...code } = decidePhoneOf(user, phone, facts);
  return { events: [...changed, ...events], ...code };
}

function decidePhoneOf(user: UserState, phone: ChangeHumanUser["phone"], facts: Facts): Decision {
  if (phone === undefined) return { events: [] };
  if (phone === "removed") {
    return { events: user.phone === undefined ? [] : [{ type: "user.human.phone.removed", data: {} }] };
  }
  return decideSetPhone(user, phone, inUserUpdate, facts);
}

/** Nothing happens if it is the same already. */
export function decideChangeMachineUser(
  user: UserState,
  command: { readonly userName?: string; readonly name?: string; readonly description?: string },
): Decision {
  const name = command.name ?? user.profile.displayName;
  const description = command.description ?? user.description ?? "";
  const isSame = name === user.profile.displayName && description === (user.description ?? "");
  return {
    events: [
      ...userNameChange(user, command.userName),
      ...(isSame ? [] : [{ type: "user.machine.changed", data: { name, description } } as const]),
    ],
  };
}

/** Nothing happens if it is the same already. */
export function decideChangeUserName(user: UserState, userName: string | undefined): Decision {
  return { events: userNameChange(user, userName) };
}

function userNameChange(user: UserState, userName: string | undefined): readonly UserEvent[] {
  if (userName === undefined || userName === user.userName) return [];
  return [{ type: "user.username.changed", data: { userName } }];
}

/** A verified address stays verified when it is given again without a word of that. */
function isSameEmail(present: Email, given: Email): boolean {
  return given.address === present.address && (present.isVerified || !given.isVerified);
}

/** @throws DomainError if there is no such user */
export function requireUser(state: UserState | undefined, missing: Refusal): UserState {
  if (!exists(state)) throw new DomainError(missing);
  return state;
}

/** @throws DomainError unless there is such a user, and a human one */
export function requireHuman(state: UserState | undefined, missing: Refusal): UserState {
  const user = requireUser(state, missing);
  // As if there were none, in words that help whoever tries it with the token of a program.
  if (user.kind !== "human") throw new DomainError({ ...missing, key: "Errors.User.NotHuman" });
  return user;
}

export function decideRemoveUser(): Decision {
  return { events: [{ type: "user.removed", data: {} }] };
}

/** @throws DomainError unless the user is active */
export function decideLockUser(user: UserState, { wrongState }: StateChange): Decision {
  if (user.status !== "active") throw new DomainError(wrongState);
  return { events: [{ type: "user.locked", data: {} }] };
}

/** @throws DomainError if the user is deactivated already */
export function decideDeactivateUser(user: UserState, { wrongState }: StateChange): Decision {
  if (user.status === "inactive") throw new DomainError(wrongState);
  return { events: [{ type: "user.deactivated", data: {} }] };
}

/** @throws DomainError unless the user is deactivated */
export function decideReactivateUser(user: UserState, { wrongState }: StateChange): Decision {
  if (user.status !== "inactive") throw new DomainError(wrongState);
  return { events: [{ type: "user.reactivated", data: {} }] };
}

/** @throws DomainError unless the user is locked */
export function decideUnlockUser(user: UserState, { wrongState }: StateChange): Decision {
  if (user.status !== "locked") throw new DomainError(wrongState);
  return { events: [{ type: "user.unlocked", data: {} }] };
}

/** Nothing happens if the user has just these roles. */
export function decideSetRoles(user: UserState, roles: readonly string[]): Decision {
  const same = roles.length === user.roles.length && roles.every((role) => user.roles.includes(role));
  return { events: same ? [] : [{ type: "user.roles.set", data: { roles } }] };
}
