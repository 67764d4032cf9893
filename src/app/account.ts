import {
  accountErrors,
  decideAddHumanUser,
  decideAdministrator,
  decideRemoveUser,
  decideSetRoles,
  decideUnlockUser,
  requireUser,
} from "../domain/account.ts";
import type { Verification } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { Email, MetadataEntry, Profile } from "../domain/user.ts";
import { newDecimalId, newUuid } from "../lib/id.ts";
import {
  type AppContext,
  type Details,
  detailsOf,
  execute,
  factsOf,
  newCode,
  requirePermission,
  requireSelfOr,
  returnedCode,
} from "./context.ts";
import type { Caller } from "./ports.ts";
import type { LoadedUser } from "./user-repository.ts";

/** The use cases of an account: add, get, delete, unlock, roles. */

/** The organization of users for whom none is named. */
export const defaultOrganizationId = "default";

export interface AddHumanUserCommand {
  /** One is made if it is left out. */
  readonly userId?: string | undefined;
  readonly organizationId?: string | undefined;
  /** The e-mail address if it is left out. */
  readonly userName?: string | undefined;
  readonly profile: Profile;
  readonly email: Email;
  readonly metadata: readonly MetadataEntry[];
  readonly phone?: { readonly number: string; readonly verification: Verification } | undefined;
}

export interface AddHumanUserReply {
  readonly userId: string;
  readonly details: Details;
  readonly phoneCode?: string | undefined;
}

export async function addHumanUser(
  app: AppContext,
  caller: Caller,
  command: AddHumanUserCommand,
): Promise<AddHumanUserReply> {
  const resourceOwner = command.organizationId ?? (caller.organizationId || defaultOrganizationId);
  requirePermission(caller, "user.write", resourceOwner);
  const userId = command.userId ?? newDecimalId(app.clock.nowMs(), app.randomBytes);
  const code = newCode(app, app.policy.phoneCode);
  const { profile, email, metadata, phone } = command;
  const done = await execute(app, userId, (state, nowMs) =>
    decideAddHumanUser(
      state,
      {
        userId,
        resourceOwner,
        userName: command.userName ?? email.address,
        profile,
        email,
        metadata,
        ...(phone === undefined ? {} : { phone: { ...phone, code } }),
      },
      factsOf(app, nowMs),
    ),
  );
  return { userId, details: detailsOf(done), phoneCode: returnedCode(done.decision.code) };
}

const getMissing = refusal("not_found", "QUERY-Dfbg2", "Errors.User.NotFound");

/** @throws DomainError if there is no such user, or the caller may not see it */
export async function getUser(app: AppContext, caller: Caller, userId: string): Promise<LoadedUser> {
  const loaded = await app.users.find(userId);
  const user = requireUser(loaded?.user, getMissing);
  requireSelfOr(caller, "user.read", user);
  return { sequence: loaded?.sequence ?? 0, user };
}

export async function deleteUser(app: AppContext, caller: Caller, userId: string): Promise<Details> {
  const done = await execute(app, userId, (state) => {
    const user = requireUser(state, accountErrors.deleteMissing);
    requireSelfOr(caller, "user.delete", user);
    return decideRemoveUser();
  });
  return detailsOf(done);
}

/** Not for oneself: a lock that its owner can open keeps nobody out. */
export async function unlockUser(app: AppContext, caller: Caller, userId: string): Promise<Details> {
  const done = await execute(app, userId, (state) => {
    const user = requireUser(state, accountErrors.unlockMissing);
    requirePermission(caller, "user.write", user.resourceOwner);
    return decideUnlockUser(user);
  });
  return detailsOf(done);
}

/** What the list does not name is taken away. @throws DomainError for a role that does not exist */
export async function setRoles(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly roles: readonly string[] },
): Promise<readonly string[]> {
  const unknown = command.roles.find((role) => !app.knownRoles.includes(role));
  if (unknown !== undefined) {
    throw new DomainError(accountErrors.roleUnknown, { role: unknown, known: app.knownRoles.join(", ") });
  }
  const done = await execute(app, command.userId, (state) => {
    const user = requireUser(state, accountErrors.rolesMissing);
    requirePermission(caller, "iam.write", user.resourceOwner);
    return decideSetRoles(user, command.roles);
  });
  return done.user.roles;
}

export const administratorId = "administrator";

/** Sees to it that exactly this token is the administrator's. @param tokenHash SHA-256, base64url */
export async function ensureAdministrator(
  app: AppContext,
  tokenHash: string,
  roles: readonly string[],
): Promise<void> {
  const tokenId = newUuid(app.clock.nowMs(), app.randomBytes);
  await execute(app, administratorId, (state) =>
    decideAdministrator(state, {
      resourceOwner: defaultOrganizationId,
      userName: administratorId,
      roles,
      tokenHash,
      tokenId,
    }),
  );
}

/** Whether there is an administrator with a token: false on the first start. */
export async function hasAdministrator(app: AppContext): Promise<boolean> {
  const loaded = await app.users.find(administratorId);
  return loaded !== undefined && Object.keys(loaded.user.accessTokens).length > 0;
}

/** Creates the user of an OIDC issuer whose valid token arrived first. */
export async function provisionUser(
  app: AppContext,
  user: {
    readonly userId: string;
    readonly issuer: string;
    readonly profile: Profile;
    readonly email: Email;
  },
): Promise<void> {
  try {
    await execute(app, user.userId, (state, nowMs) =>
      // A deleted user comes back by AddHumanUser only, not by a token that is still valid.
      state === undefined
        ? decideAddHumanUser(
            undefined,
            { ...user, resourceOwner: defaultOrganizationId, userName: user.userId, metadata: [] },
            factsOf(app, nowMs),
          )
        : { events: [] },
    );
  } catch (error) {
    // Somebody of another organization or name was faster; the caller is looked up again anyway.
    if (!(error instanceof DomainError)) throw error;
  }
}
