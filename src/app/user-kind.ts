import type { UserEvent } from "../domain/user-events.ts";
import { evolveUser, exists, type UserState } from "../domain/user-state.ts";
import type { AggregateKind, Loaded, Repository } from "./repository.ts";
import type { UserRecord } from "./search.ts";
import type { UniqueKey } from "./store-port.ts";

export type UserRepository = Repository<UserState, UserEvent>;
export type LoadedUser = Loaded<UserState>;

/** Users: what they hold, and what they are found by. */
export const userKind: AggregateKind<UserState, UserEvent> = {
  type: "user",
  cachedMax: 20_000,
  bulkOf: ({ metadata, schema }) => [metadata, schema],
  evolve: evolveUser,
  keys: { of: keysOf, from: ["resourceOwner", "userName", "accessTokens"] },
  recordOf,
};

/** A user name is unique in its organization, whatever its capital letters. */
export function userNameKey(organizationId: string, userName: string): UniqueKey {
  // The first colon ends the organization, whatever the two of them hold.
  const organization = organizationId.replace(/[%:]/g, (character) => encodeURIComponent(character));
  return { kind: "user_name", key: `${organization}:${userName.toLowerCase()}` };
}

function keysOf(user: UserState): readonly UniqueKey[] {
  const tokens = Object.values(user.accessTokens).map(
    ({ hash }) => ({ kind: "access_token", key: hash }) as const,
  );
  return user.userName === "" ? tokens : [userNameKey(user.resourceOwner, user.userName), ...tokens];
}

function recordOf(user: UserState): UserRecord | null {
  if (!exists(user)) return null;
  const { profile } = user;
  return {
    organizationId: user.resourceOwner,
    kind: user.kind,
    status: user.status,
    userName: user.userName,
    givenName: profile.givenName,
    familyName: profile.familyName,
    nickName: profile.nickName,
    displayName: profile.displayName,
    email: user.email.address,
    phone: user.phone?.number ?? "",
    schemaId: user.schema?.schemaId ?? "",
    createdMs: user.createdMs,
  };
}
