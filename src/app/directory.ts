import type { Email, Profile } from "../domain/user.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { provisionUser } from "./account.ts";
import type { AppContext } from "./context.ts";
import type { LoadedUser } from "./user-repository.ts";

/** A user as far as telling who calls needs it. */
export interface DirectoryUser {
  readonly organizationId: string;
  readonly roles: readonly string[];
  /** The OIDC issuer that the user came from. */
  readonly issuer?: string;
}

/** The claims of an ID or access token that describe its user (OpenID Connect Core §5.1). */
export interface UserClaims {
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly preferred_username?: string;
}

/** Answers the authenticator's questions about users. */
export class Directory {
  readonly #app: AppContext;

  constructor(app: AppContext) {
    this.#app = app;
  }

  /** Undefined if there is no such user, or not any more. */
  findUser(userId: string): MaybePromise<DirectoryUser | undefined> {
    return chain(this.#app.users.find(userId), directoryUser);
  }

  /** The id of the user who holds a personal access token, if it is valid now. @param hash SHA-256, base64url */
  findAccessToken(hash: string, nowMs: number): MaybePromise<string | undefined> {
    const { users } = this.#app;
    return chain(users.findByKey({ kind: "access_token", key: hash }), (userId) =>
      userId === undefined
        ? undefined
        : chain(users.find(userId), (loaded) => (holdsToken(loaded, hash, nowMs) ? userId : undefined)),
    );
  }

  /** Creates the user of a valid token that arrived first. */
  async provision(user: { userId: string; issuer: string; claims: UserClaims }): Promise<void> {
    const { claims } = user;
    const profile: Profile = {
      givenName: claims.given_name ?? "",
      familyName: claims.family_name ?? "",
      nickName: "",
      displayName: claims.name ?? claims.preferred_username ?? "",
      preferredLanguage: "",
      gender: 0,
    };
    const email: Email = { address: claims.email ?? "", isVerified: claims.email_verified ?? false };
    await provisionUser(this.#app, { userId: user.userId, issuer: user.issuer, profile, email });
  }
}

function directoryUser(loaded: LoadedUser | undefined): DirectoryUser | undefined {
  if (loaded === undefined || loaded.user.status === "removed") return undefined;
  const { resourceOwner, roles, kind } = loaded.user;
  // A machine user is one of ours: no issuer may give its id as a `sub`.
  const issuer = kind === "machine" ? "ringback" : loaded.user.issuer;
  return { organizationId: resourceOwner, roles, ...(issuer === undefined ? {} : { issuer }) };
}

function holdsToken(loaded: LoadedUser | undefined, hash: string, nowMs: number): boolean {
  const token = Object.values(loaded?.user.accessTokens ?? {}).find((held) => held.hash === hash);
  return token !== undefined && (token.expiresMs === null || nowMs < token.expiresMs);
}
