import type { DirectoryUser, ProvisionedUser } from "../../src/app/auth-port.ts";
import type { Directory } from "../../src/auth/authenticator.ts";
import { hashToken } from "../../src/lib/opaque-token.ts";

/** Users in memory. */
export interface TestDirectory extends Directory {
  readonly users: Map<string, DirectoryUser>;
  readonly provisioned: ProvisionedUser[];
  addAccessToken(token: string, userId: string, expiresMs?: number): void;
  removeAccessToken(token: string): void;
}

/** Ana, of the organization "org". */
export const active = {
  userId: "ana",
  organizationId: "org",
  isActive: true,
  preferredLanguage: "",
  createdMs: 0,
} as const;

/** @param lookup "later" answers with promises, as a remote database does */
export function createTestDirectory(lookup: "at once" | "later" = "at once"): TestDirectory {
  const users = new Map<string, DirectoryUser>();
  const accessTokens = new Map<string, { readonly userId: string; readonly expiresMs: number }>();
  const provisioned: ProvisionedUser[] = [];
  const answer = <T>(value: T): T | Promise<T> => (lookup === "at once" ? value : Promise.resolve(value));
  return {
    users,
    provisioned,
    addAccessToken: (token, userId, expiresMs = Infinity) =>
      void accessTokens.set(hashToken(token), { userId, expiresMs }),
    removeAccessToken: (token) => void accessTokens.delete(hashToken(token)),
    findUser: (userId) => answer(users.get(userId)),
    findByAccessToken: (hash, nowMs) => {
      const found = accessTokens.get(hash);
      return answer(found !== undefined && nowMs < found.expiresMs ? users.get(found.userId) : undefined);
    },
    provision: async (user) => {
      provisioned.push(user);
      await new Promise(setImmediate);
      users.set(user.userId, { ...active, userId: user.userId, roles: [], issuer: user.issuer });
    },
  };
}
