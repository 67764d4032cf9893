import { describe, expect, it } from "@jest/globals";
import { permissions } from "../../src/app/auth-port.ts";
import { createCaller, roles } from "../../src/auth/roles.ts";

const callerWith = (...names: string[]) =>
  createCaller({ userId: "ana", organizationId: "own", roles: names, createdMs: 0 });

const sessions = ["session.read", "session.write", "session.delete"];

describe("permissions of roles", () => {
  it.each([
    ["IAM_OWNER", "other", permissions],
    ["IAM_USER_MANAGER", "other", ["user.read", "user.write", "user.delete"]],
    [
      "IAM_LOGIN_CLIENT",
      "other",
      ["user.read", "user.write", "user.credential.write", ...sessions, "policy.read"],
    ],
    [
      "ORG_OWNER",
      "own",
      [
        "user.read",
        "user.write",
        "user.delete",
        "user.credential.write",
        "policy.read",
        "policy.write",
        "policy.delete",
      ],
    ],
    ["ORG_USER_MANAGER", "own", ["user.read", "user.write", "user.delete", "policy.read"]],
    ["ORG_OWNER_VIEWER", "own", ["user.read", "policy.read"]],
  ])("%s may, in organization %s: %j", (role, organization, allowed) => {
    const caller = callerWith(role);
    expect(permissions.filter((permission) => caller.may(permission, organization))).toEqual(allowed);
    expect(caller.hasRoles).toBe(true);
  });

  it.each(roles.filter((role) => role.startsWith("ORG_")))(
    "%s may nothing in another organization",
    (role) => {
      const caller = callerWith(role);
      expect(permissions.filter((permission) => caller.may(permission, "other"))).toEqual([]);
    },
  );

  it("adds up what several roles give", () => {
    const caller = callerWith("ORG_OWNER_VIEWER", "IAM_USER_MANAGER");
    expect(caller.may("user.delete", "other")).toBe(true);
    expect(caller.may("user.credential.write", "own")).toBe(false);
  });

  it("gives nothing for a name that is no role", () => {
    const caller = callerWith("ROOT", "constructor", "__proto__", "iam_owner");
    expect(caller.hasRoles).toBe(false);
    expect(permissions.filter((permission) => caller.may(permission, "own"))).toEqual([]);
  });

  it("lets a caller without a role do nothing", () => {
    const caller = createCaller({ userId: "ana", organizationId: "", roles: [], createdMs: Infinity });
    expect(caller).toMatchObject({ userId: "ana", organizationId: "", hasRoles: false });
    expect(caller.may("user.read", "")).toBe(false);
  });
});
