/** The caller as use cases see it, and what authentication reads from the users. */

/** Who calls. */
export interface Caller {
  readonly userId: string;
  /** The organization of the user. */
  readonly organizationId: string;
  /** BCP 47, or empty. */
  readonly preferredLanguage: string;
  /** Since when the user has the id: what is older was somebody else's. Infinity if there is no such user. */
  readonly createdMs: number;
  /** Whether the caller has any role at all. */
  readonly hasRoles: boolean;
  /** Whether a role of the caller gives the permission in that organization. */
  may(permission: Permission, organizationId: string): boolean;
  /** Whether a role of the caller gives the permission in every organization, and for the instance itself. */
  mayEverywhere(permission: Permission): boolean;
}

/** The part of a user that authentication reads. */
export interface DirectoryUser {
  readonly userId: string;
  readonly organizationId: string;
  readonly roles: readonly string[];
  /** False for a deactivated user: no token of theirs is valid then. */
  readonly isActive: boolean;
  /** BCP 47, or empty. */
  readonly preferredLanguage: string;
  readonly createdMs: number;
  /** If set, a JWT of another OIDC issuer is refused: two issuers may give the same `sub`. */
  readonly issuer?: string;
}

/** Issuer and audience of our own tokens. */
export const ownIssuer = "ringback";

export const textClaims = [
  "name",
  "given_name",
  "family_name",
  "email",
  "preferred_username",
  "locale",
] as const;

/** What an issuer may tell of a user (OpenID Connect Core §5.1). */
export type UserClaims = { readonly [name in (typeof textClaims)[number]]?: string } & {
  readonly email_verified?: boolean;
};

/** A user whom a valid token names for the first time. */
export interface ProvisionedUser {
  readonly userId: string;
  readonly issuer: string;
  readonly claims: UserClaims;
}

export const permissions = [
  "user.read",
  "user.write",
  "user.delete",
  "user.credential.write",
  "session.read",
  "session.write",
  "session.delete",
  "policy.read",
  "policy.write",
  "policy.delete",
  "iam.policy.read",
  "iam.policy.write",
  "iam.policy.delete",
  "iam.read",
  "iam.write",
] as const;
export type Permission = (typeof permissions)[number];

/** Signs short-lived tokens for users. */
export interface TokenMinter {
  mint(request: {
    readonly userId: string;
    readonly lifetimeSeconds: number;
    readonly nowMs: number;
  }): Promise<{ readonly token: string; readonly expireMs: number }>;
}
