import { type Caller, type Permission, permissions } from "../app/auth-port.ts";

export const roles = [
  "IAM_OWNER",
  "IAM_USER_MANAGER",
  "IAM_LOGIN_CLIENT",
  "ORG_OWNER",
  "ORG_USER_MANAGER",
  "ORG_OWNER_VIEWER",
] as const;
export type Role = (typeof roles)[number];

interface Grant {
  /** In every organization, or only in the user's own. */
  readonly scope: "everywhere" | "own_organization";
  readonly permissions: ReadonlySet<Permission>;
}

const users: readonly Permission[] = ["user.read", "user.write", "user.delete"];
const policies: readonly Permission[] = ["policy.read", "policy.write", "policy.delete"];

const grants: Readonly<Record<Role, Grant>> = {
  IAM_OWNER: everywhere(...permissions),
  IAM_USER_MANAGER: everywhere(...users),
  IAM_LOGIN_CLIENT: everywhere(
    "user.read",
    "user.write",
    "user.credential.write",
    "session.read",
    "session.write",
    "session.delete",
    "policy.read",
  ),
  ORG_OWNER: ownOrganization(...users, "user.credential.write", ...policies),
  ORG_USER_MANAGER: ownOrganization(...users, "policy.read"),
  ORG_OWNER_VIEWER: ownOrganization("user.read", "policy.read"),
};

function everywhere(...given: Permission[]): Grant {
  return { scope: "everywhere", permissions: new Set(given) };
}

function ownOrganization(...given: Permission[]): Grant {
  return { scope: "own_organization", permissions: new Set(given) };
}

function isRole(name: string): name is Role {
  return Object.hasOwn(grants, name);
}

export interface CallerOptions {
  readonly userId: string;
  /** The organization of the user; empty if there is no such user. */
  readonly organizationId: string;
  /** As stored: a name that is no role gives nothing. */
  readonly roles: readonly string[];
  /** BCP 47; empty if the user has none. */
  readonly preferredLanguage?: string;
  /** Infinity if there is no such user: nothing is theirs then. */
  readonly createdMs: number;
}

/** A caller who may do what their roles say. */
export function createCaller(options: CallerOptions): Caller {
  const { userId, organizationId, preferredLanguage = "", createdMs } = options;
  const granted = options.roles.filter(isRole).map((role) => grants[role]);
  const mayIn = (permission: Permission, isOwn: boolean): boolean =>
    granted.some(
      ({ scope, permissions: given }) => given.has(permission) && (scope === "everywhere" || isOwn),
    );
  return {
    userId,
    organizationId,
    preferredLanguage,
    createdMs,
    hasRoles: granted.length > 0,
    may: (permission, where) => mayIn(permission, where === organizationId),
    mayEverywhere: (permission) => mayIn(permission, false),
  };
}
