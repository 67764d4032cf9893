import type { Caller, Permission } from "../app/ports.ts";

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

const grants: Readonly<Record<Role, Grant>> = {
  IAM_OWNER: everywhere(
    "user.read",
    "user.write",
    "user.delete",
    "user.credential.write",
    "iam.read",
    "iam.write",
  ),
  IAM_USER_MANAGER: everywhere("user.read", "user.write", "user.delete"),
  IAM_LOGIN_CLIENT: everywhere("user.read", "user.write", "user.credential.write"),
  ORG_OWNER: ownOrganization("user.read", "user.write", "user.delete", "user.credential.write"),
  ORG_USER_MANAGER: ownOrganization("user.read", "user.write", "user.delete"),
  ORG_OWNER_VIEWER: ownOrganization("user.read"),
};

function everywhere(...permissions: Permission[]): Grant {
  return { scope: "everywhere", permissions: new Set(permissions) };
}

function ownOrganization(...permissions: Permission[]): Grant {
  return { scope: "own_organization", permissions: new Set(permissions) };
}

/** Whether the name is one of `roles`. */
export function isRole(name: string): name is Role {
  return Object.hasOwn(grants, name);
}

export interface CallerOptions {
  readonly userId: string;
  /** The organization of the user; empty if there is no such user. */
  readonly organizationId: string;
  /** As stored: a name that is no role gives nothing. */
  readonly roles: readonly string[];
}

/** A caller who may do what their roles say. */
export function createCaller(options: CallerOptions): Caller {
  const { userId, organizationId } = options;
  const granted = options.roles.filter(isRole).map((role) => grants[role]);
  return {
    userId,
    organizationId,
    hasRoles: granted.length > 0,
    may: (permission, where = organizationId) =>
      granted.some(
        ({ scope, permissions }) =>
          permissions.has(permission) && (scope === "everywhere" || where === organizationId),
      ),
  };
}
