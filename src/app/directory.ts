import { accountErrors, decideAddHumanUser } from "../domain/account.ts";
import { DomainError } from "../domain/errors.ts";
import { baseLanguage, languageTag } from "../domain/message-text.ts";
import type { Email, Profile } from "../domain/user-events.ts";
import { exists, noProfile, type UserState } from "../domain/user-state.ts";
import { Lru } from "../lib/lru.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { defaultOrganizationId } from "./account.ts";
import { type AppContext, factsOf } from "./context.ts";
import { type DirectoryUser, ownIssuer, type ProvisionedUser } from "./auth-port.ts";
import type { LoadedUser } from "./user-kind.ts";

const knownOrganizationsMax = 1_000;
const knownTokensMax = 10_000;
/** As the contract has it for `preferred_language`. */
const languageCharactersMax = 10;

/** Answers the authenticator's questions about users. */
export class Directory {
  readonly #app: AppContext;
  readonly #organizations = new Lru<string, true>(knownOrganizationsMax);
  /** By the hash of a personal access token. */
  readonly #tokenHolders = new Lru<string, string>(knownTokensMax);

  constructor(app: AppContext) {
    this.#app = app;
  }

  /** Undefined if there is no such user, or not any more. */
  findUser(userId: string): MaybePromise<DirectoryUser | undefined> {
    return chain(this.#app.users.find(userId), directoryUser);
  }

  /** Who holds a personal access token, if it is valid now. @param hash SHA-256, base64url */
  findByAccessToken(hash: string, nowMs: number): MaybePromise<DirectoryUser | undefined> {
    const { users, store } = this.#app;
    // Nobody else can ever hold it: it is random. Whether it is still held, and valid, their state says.
    const known = this.#tokenHolders.get(hash);
    return chain(known ?? store.findByKey({ kind: "access_token", key: hash }), (userId) => {
      if (userId === undefined) return undefined;
      return chain(users.find(userId), (loaded) => {
        if (!holdsToken(loaded, hash, nowMs)) return undefined;
        if (known === undefined) this.#tokenHolders.set(hash, userId);
        return directoryUser(loaded);
      });
    });
  }

  /** Adds the user of a valid token, if there never was one with that id. */
  async provision({ userId, issuer, claims }: ProvisionedUser): Promise<void> {
    const app = this.#app;
    const profile: Profile = {
      ...noProfile,
      givenName: claims.given_name ?? "",
      familyName: claims.family_name ?? "",
      displayName: claims.name ?? claims.preferred_username ?? "",
      preferredLanguage: languageOf(claims.locale),
    };
    const email: Email = { address: claims.email ?? "", isVerified: claims.email_verified ?? false };
    const user = { userId, resourceOwner: defaultOrganizationId, issuer, profile, email, metadata: [] };
    const policy = await app.settings.policy(defaultOrganizationId);
    const add = (userName: string) =>
      app.users.execute(userId, (state, nowMs) =>
        // A deleted user comes back by AddHumanUser only, not by a token that is still valid.
        state === undefined
          ? decideAddHumanUser(undefined, { ...user, userName }, factsOf(app, policy, nowMs, {}))
          : { events: [] },
      );
    try {
      await add(userId);
    } catch (error) {
      if (!(error instanceof DomainError) || error.refusal !== accountErrors.userNameTaken) throw error;
      // Users choose their names: nobody may keep another out by taking theirs.
      await add("");
    }
  }

  /** Whether a user belongs to the organization, or did when it was asked before; the default one always counts. */
  async hasOrganization(organizationId: string): Promise<boolean> {
    if (organizationId === defaultOrganizationId || this.#organizations.get(organizationId)) return true;
    const equality = { field: "organizationId", ignoreCase: false, value: organizationId } as const;
    const [member] = await this.#app.store.findByText("user", equality, 1);
    // An organization that was there once stays: it may have settings.
    if (member !== undefined) this.#organizations.set(organizationId, true);
    return member !== undefined;
  }
}

/** Made once for each state: the same object as long as nothing about the user changes. */
const directoryUsers = new WeakMap<UserState, DirectoryUser>();

function directoryUser(loaded: LoadedUser | undefined): DirectoryUser | undefined {
  const state = loaded?.state;
  if (!exists(state)) return undefined;
  const known = directoryUsers.get(state);
  if (known !== undefined) return known;
  const made = directoryUserOf(state);
  directoryUsers.set(state, made);
  return made;
}

function directoryUserOf(user: UserState): DirectoryUser {
  const { id, resourceOwner, roles, kind, status, profile, createdMs } = user;
  // A machine user is one of ours: no issuer may give its id as a `sub`.
  const issuer = kind === "machine" ? ownIssuer : user.issuer;
  return {
    userId: id,
    organizationId: resourceOwner,
    roles,
    isActive: status !== "inactive",
    preferredLanguage: languageOf(profile.preferredLanguage),
    createdMs,
    ...(issuer === undefined ? {} : { issuer }),
  };
}

function holdsToken(loaded: LoadedUser | undefined, hash: string, nowMs: number): boolean {
  const token = Object.values(loaded?.state.accessTokens ?? {}).find((held) => held.hash === hash);
  return token !== undefined && (token.expiresMs === null || nowMs < token.expiresMs);
}

/** @returns a tag of BCP 47; "" for none */
function languageOf(locale = ""): string {
  const tag = languageTag(locale) ?? "";
  return tag.length <= languageCharactersMax ? tag : baseLanguage(tag);
}
