import { afterAll, expect, it } from "@jest/globals";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { type Store, StoreUnavailableError } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { withParts } from "../support/with-parts.ts";
import { openWorld } from "../support/wire-world.ts";

/** States are cached by their number: those in which clients keep much would take all memory. */

const memory = openMemoryStore();
const loadedIds: string[] = [];
let losesAnswers = false;
const store = withParts<Store>(memory, {
  isInMemory: false,
  async commit(commit) {
    const outcome = await memory.commit(commit);
    if (losesAnswers) throw new StoreUnavailableError("no answer", { outcome: "unknown" });
    return outcome;
  },
  load(aggregate) {
    loadedIds.push(aggregate.id);
    return memory.load(aggregate);
  },
});
const world = await openWorld("safe", { store });
afterAll(() => world.close());

const { addHumanUser, getUserByID, updateHumanUser } = UserService.method;
const { createSession, getSession, setSession } = SessionService.method;
const profile = { givenName: "Ada", familyName: "Lovelace" };
const enough = 2_000;
const much = 10_000;

/** Something that carries so many bytes, and the way to read it. */
const kinds = [
  {
    what: "a user with metadata",
    add: async (bytes: number) => {
      const metadata = [{ key: "notes", value: new Uint8Array(bytes) }];
      const email = { email: `${world.nobody().id}@example.com` };
      return (await world.asAdmin(addHumanUser, { profile, email, metadata })).userId;
    },
    read: (userId: string) => world.asAdmin(getUserByID, { userId }),
  },
  {
    what: "a user of v3 with data",
    add: async (bytes: number) => {
      const organization = { property: { case: "orgId", value: world.nobody().organizationId } } as const;
      const user = { schemaId: "note-taker", data: { notes: "n".repeat(bytes) } };
      const { details } = await world.asAdmin(ZITADELUsers.method.createUser, { organization, user });
      return details?.id ?? "";
    },
    read: (id: string) => world.asAdmin(ZITADELUsers.method.getUser, { id }),
  },
  {
    what: "a session with metadata",
    add: async (bytes: number) =>
      (await world.asAdmin(createSession, { metadata: { notes: new Uint8Array(bytes) } })).sessionId,
    read: (sessionId: string) => world.asAdmin(getSession, { sessionId }),
  },
  {
    what: "a session of a browser that says much",
    add: async (bytes: number) => {
      const header = { "x-notes": { values: ["n".repeat(bytes)] } };
      return (await world.asAdmin(createSession, { userAgent: { header } })).sessionId;
    },
    read: (sessionId: string) => world.asAdmin(getSession, { sessionId }),
  },
];

async function loadsOfTwoReads(id: string, read: (id: string) => Promise<unknown>): Promise<number> {
  loadedIds.length = 0;
  expect(await read(id)).toEqual(await read(id));
  return loadedIds.filter((loaded) => loaded === id).length;
}

it.each(kinds)("$what is at hand once it was written", async ({ add, read }) => {
  expect(await loadsOfTwoReads(await add(enough), read)).toBe(0);
});

it.each(kinds)("$what is read each time where there is much of it", async ({ add, read }) => {
  expect(await loadsOfTwoReads(await add(much), read)).toBe(2);
});

it("what grows is not read as it was while there was little of it", async () => {
  const { sessionId } = await world.asAdmin(createSession, { metadata: { notes: new Uint8Array(enough) } });
  await world.asAdmin(setSession, { sessionId, metadata: { notes: new Uint8Array(much) } });
  const { session } = await world.asAdmin(getSession, { sessionId });
  expect(session?.metadata.notes).toHaveLength(much);
});

it("what was written is seen, though the store could not say so", async () => {
  const { id: userId } = await world.user();
  losesAnswers = true;
  await expect(world.asAdmin(updateHumanUser, { userId, username: "ada" })).rejects.toThrow();
  losesAnswers = false;
  expect((await world.asAdmin(getUserByID, { userId })).user?.username).toBe("ada");
});
