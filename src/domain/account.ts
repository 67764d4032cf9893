import type { NewCode } from "./codes.ts";
import type { Decision, Facts, Verification } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import { decideVerification } from "./phone.ts";
import { normalizePhoneNumber } from "./phone-number.ts";
import type { Email, MetadataEntry, Profile, UserEvent, UserState } from "./user.ts";

/** The deciders of an account's life: add, remove, unlock, roles, access tokens. */

export const accountErrors = {
  idTaken: refusal("failed_precondition", "COMMAND-7yiox1isql", "Errors.User.AlreadyExisting"),
  userNameTaken: refusal("already_exists", "V3-DKcYh", "Errors.User.UserName.Taken"),
  deleteMissing: refusal("not_found", "COMMAND-bd4ir1mblj", "Errors.User.NotFound"),
  unlockMissing: refusal("not_found", "COMMAND-x377t913pw", "Errors.User.NotFound"),
  notLocked: refusal("failed_precondition", "COMMAND-olb9vb0oca", "Errors.User.NotLocked"),
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
  readonly phone?: { readonly number: string; readonly verification: Verification; readonly code: NewCode };
}

/** @throws DomainError if the id is taken, or the number is bad */
export function decideAddHumanUser(
  state: UserState | undefined,
  command: AddHumanUser,
  facts: Facts,
): Decision {
  if (exists(state)) throw new DomainError(accountErrors.idTaken);
  const { userId, phone, ...data } = command;
  if (phone === undefined) return { events: [{ type: "user.human.added", data }] };
  const number = normalizePhoneNumber(phone.number, facts.policy.phoneNumber);
  const added: UserEvent = { type: "user.human.added", data: { ...data, phone: number } };
  const { events, ...code } = decideVerification(userId, number, phone, facts);
  return { events: [added, ...events], ...code };
}

/** @throws DomainError if there is no such user */
export function requireUser(
  state: UserState | undefined,
  missing: (typeof accountErrors)["deleteMissing"],
): UserState {
  if (!exists(state)) throw new DomainError(missing);
  return state;
}

function exists(state: UserState | undefined): state is UserState {
  return state !== undefined && state.status !== "removed";
}

export function decideRemoveUser(): Decision {
  return { events: [{ type: "user.removed", data: {} }] };
}

/** @throws DomainError unless the user is locked */
export function decideUnlockUser(user: UserState): Decision {
  if (user.status !== "locked") throw new DomainError(accountErrors.notLocked);
  return { events: [{ type: "user.unlocked", data: {} }] };
}

/** Nothing happens if the user has just these roles. */
export function decideSetRoles(user: UserState, roles: readonly string[]): Decision {
  const same = roles.length === user.roles.length && roles.every((role) => user.roles.includes(role));
  return { events: same ? [] : [{ type: "user.roles.set", data: { roles } }] };
}

/** Makes the machine user that holds the administrator's token, or gives it another token. */
export function decideAdministrator(
  state: UserState | undefined,
  command: {
    readonly resourceOwner: string;
    readonly userName: string;
    readonly roles: readonly string[];
    readonly tokenHash: string;
    readonly tokenId: string;
  },
): Decision {
  const { resourceOwner, userName, roles, tokenHash, tokenId } = command;
  const present = exists(state) ? state : undefined;
  const events: UserEvent[] = [];
  if (present === undefined) {
    events.push({ type: "user.machine.added", data: { resourceOwner, userName, name: "Administrator" } });
    events.push({ type: "user.roles.set", data: { roles } });
  }
  const tokens = Object.entries(present?.accessTokens ?? {});
  if (tokens.some(([, token]) => token.hash === tokenHash)) return { events };
  for (const [formerId] of tokens) events.push({ type: "user.pat.removed", data: { tokenId: formerId } });
  events.push({ type: "user.pat.added", data: { tokenId, hash: tokenHash, expiresMs: null } });
  return { events };
}
