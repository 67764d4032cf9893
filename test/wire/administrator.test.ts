import { describe, expect, it } from "@jest/globals";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { TokenService } from "../../gen/ringback/token/v1/token_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { administratorId as userId } from "../../src/app/administrator.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

/** Whatever became of the administrator: the next start with a token in the environment brings one who works. */

const {
  addHumanUser,
  addPersonalAccessToken,
  createUser,
  deactivateUser,
  deleteUser,
  getUserByID,
  lockUser,
} = UserService.method;
const { setRoles } = RoleService.method;
const newToken = "another-token-of-the-administrator";

async function deleted(world: World): Promise<void> {
  await world.asAdmin(deleteUser, { userId });
}

/** Somebody else, with the right to. */
async function owner(world: World): Promise<string> {
  return world.caller("IAM_OWNER");
}

async function deletedAndReplaced(world: World, userName: string, id: string): Promise<void> {
  const token = await owner(world);
  await deleted(world);
  await world.callAs(token, addHumanUser, {
    userId: id,
    username: userName,
    profile: { givenName: "Eve", familyName: "Eve" },
    email: { email: "eve@example.com" },
  });
}

const situations: readonly { readonly name: string; readonly bring: (world: World) => Promise<unknown> }[] = [
  { name: "is as it was", bring: () => Promise.resolve() },
  { name: "is deactivated", bring: (world) => world.asAdmin(deactivateUser, { userId }) },
  { name: "is locked", bring: (world) => world.asAdmin(lockUser, { userId }) },
  { name: "has no role", bring: (world) => world.asAdmin(setRoles, { userId, roles: [] }) },
  {
    name: "has another role",
    bring: (world) => world.asAdmin(setRoles, { userId, roles: ["ORG_OWNER"] }),
  },
  {
    name: "is locked, has no role, and is deactivated",
    async bring(world) {
      const token = await owner(world);
      await world.callAs(token, lockUser, { userId });
      await world.callAs(token, setRoles, { userId, roles: [] });
      await world.callAs(token, deactivateUser, { userId });
    },
  },
  { name: "is deleted", bring: deleted },
  {
    name: "is deleted, and somebody has the name",
    bring: (world) => deletedAndReplaced(world, userId, "eve"),
  },
  { name: "is deleted, and a person has the id", bring: (world) => deletedAndReplaced(world, "eve", userId) },
  {
    name: "is deleted, and a machine elsewhere has the id",
    async bring(world) {
      const token = await owner(world);
      await deleted(world);
      const userType = { case: "machine", value: { name: "Engine" } } as const;
      await world.callAs(token, createUser, { userId, organizationId: "elsewhere", userType });
    },
  },
];

describe.each(situations)("an administrator who $name", ({ bring }) => {
  it.each([newToken, adminToken])("works after a start with the token %s", async (token) => {
    const store = openMemoryStore();
    const before = await openWorld("safe", { store, keepStoreOpen: true });
    await bring(before);
    await before.close();

    const after = await openWorld("safe", { store, env: { RINGBACK_ADMIN_TOKEN: token } });
    try {
      const { user } = await after.callAs(token, getUserByID, { userId });
      expect(user?.type.case).toBe("machine");
      const other = await after.callAs(token, addHumanUser, {
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: "ada@example.com" },
      });
      await after.callAs(token, setRoles, { userId: other.userId, roles: ["ORG_OWNER"] });
      await after.callAs(token, TokenService.method.createToken, { userId });
    } finally {
      await after.close();
    }
  });
});

it("a start with the same token writes nothing where nothing is wrong", async () => {
  const store = openMemoryStore();
  await (await openWorld("safe", { store, keepStoreOpen: true })).close();
  const before = await store.load({ type: "user", id: userId });
  await (await openWorld("safe", { store, keepStoreOpen: true })).close();
  expect(await store.load({ type: "user", id: userId })).toEqual(before);
});

it("a start with a token of the administrator that has an end makes it the only one, without end", async () => {
  const store = openMemoryStore();
  const before = await openWorld("safe", { store, keepStoreOpen: true });
  const expirationDate = { seconds: BigInt(before.clock.ms / 1_000 + 60) };
  const added = await before.asAdmin(addPersonalAccessToken, { userId, expirationDate });
  const env = { RINGBACK_ADMIN_TOKEN: added.token };
  await before.close();

  const after = await openWorld("safe", { store, env });
  after.clock.ms += 60_000;
  await after.callAs(added.token, getUserByID, { userId });
  await expect(after.callAs(adminToken, getUserByID, { userId })).rejects.toThrow("AUTH-7fs1e");
  await after.close();
});

it("a start with a token that is another user's says so in plain words", async () => {
  const store = openMemoryStore();
  const before = await openWorld("safe", { store, keepStoreOpen: true });
  const userType = { case: "machine", value: { name: "Engine" } } as const;
  const { id } = await before.asAdmin(createUser, { organizationId: "works", userType });
  const expirationDate = { seconds: BigInt(before.clock.ms / 1_000 + 60) };
  const { token } = await before.asAdmin(addPersonalAccessToken, { userId: id, expirationDate });
  await before.close();
  await expect(openWorld("safe", { store, env: { RINGBACK_ADMIN_TOKEN: token } })).rejects.toThrow(
    "RINGBACK_ADMIN_TOKEN belongs to another user already: choose another",
  );
});
