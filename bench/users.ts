import { Repository } from "../src/app/repository.ts";
import type { AggregateWrite, CommitOutcome, Store } from "../src/app/store-port.ts";
import { userKind } from "../src/app/user-kind.ts";
import { createOwnTokens } from "../src/auth/own-tokens.ts";
import { systemClock } from "../src/lib/clock.ts";

/** The stored users, and the tokens that servers and load agree on. */

export const adminToken = "admin-token-of-the-benchmark";
export const masterKey = Buffer.alloc(32, "benchmark");

/** Users that call with a token of their own; a server remembers the verifications of 10,000. */
export const callingUsersMax = 5_000;

const commitsAtOnce = 64;
const usersACommit = 100;
const addedAgoMs = 60 * 60 * 1000;
const tokenLifetimeSeconds = 86_400;

export function userId(user: number): string {
  return `user-${String(user).padStart(7, "0")}`;
}

/** The number of a user: another one for each. */
export function phoneOf(user: number): string {
  return `+4179${String(user).padStart(7, "0")}`;
}

/** Adds users 0 to `users - 1`, with a verified number each. */
export async function fill(store: Store, users: number): Promise<void> {
  const repository = new Repository(userKind, store, systemClock);
  // Before the load makes its tokens: one that is older than its user is no good.
  const atMs = systemClock.nowMs() - addedAgoMs;
  const writeOf = (user: number): AggregateWrite => {
    const id = userId(user);
    return repository.prepare(id, undefined, userAdded(id, user), atMs).write;
  };
  for (let from = 0; from < users; from += commitsAtOnce * usersACommit) {
    const until = Math.min(users, from + commitsAtOnce * usersACommit);
    const commits: Promise<CommitOutcome>[] = [];
    for (let first = from; first < until; first += usersACommit) {
      const others = Array.from({ length: Math.min(usersACommit, until - first) - 1 }, (_, index) =>
        writeOf(first + 1 + index),
      );
      commits.push(store.commit({ ...writeOf(first), atMs, also: others }));
    }
    const refused = (await Promise.all(commits)).find(({ kind }) => kind !== "committed");
    if (refused !== undefined) throw new Error(`users were not added: ${refused.kind}`);
  }
}

function userAdded(id: string, user: number) {
  const profile = {
    givenName: "Ada",
    familyName: `Lovelace ${user}`,
    nickName: "",
    displayName: `Ada Lovelace ${user}`,
    preferredLanguage: "en",
    gender: 0,
  };
  const email = { address: `${id}@example.com`, isVerified: true };
  const added = { resourceOwner: "default", userName: email.address, profile, email, metadata: [] };
  return [
    { type: "user.human.added", data: { ...added, phone: phoneOf(user) } },
    { type: "user.human.phone.verified", data: {} },
  ] as const;
}

/** Tokens for users 0 to `users - 1`, as TokenService makes them. */
export function mintTokens(users: number): Promise<readonly string[]> {
  const ownTokens = createOwnTokens([masterKey], systemClock);
  return Promise.all(
    Array.from({ length: users }, async (_, user) => {
      const { token } = await ownTokens.mint({
        userId: userId(user),
        lifetimeSeconds: tokenLifetimeSeconds,
        nowMs: systemClock.nowMs(),
      });
      return token;
    }),
  );
}
