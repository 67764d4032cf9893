import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { TextService, TextType } from "../../gen/ringback/text/v1/text_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SettingsService } from "../../gen/zitadel/settings/v2/settings_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { Store } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openWorld, type TestUser, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

/** How often a call waits for a store that others share: point reads that meet travel together, as on PostgreSQL. */

let roundTrips = 0;
let next: Promise<void> | undefined;

/** Resolves with the answers to all that is asked before this turn of the event loop is over. */
function travel(): Promise<void> {
  next ??= new Promise((resolve) => {
    setImmediate(() => {
      roundTrips += 1;
      next = undefined;
      resolve();
    });
  });
  return next;
}

const memory = openMemoryStore();
const store = withParts<Store>(memory, {
  isShared: true,
  isInMemory: false,
  load: async (aggregate) => {
    await travel();
    return memory.load(aggregate);
  },
});

const { addHumanUser, listUsers, setPhone } = UserService.method;
const { getLockoutSettings } = SettingsService.method;
const { previewText } = TextService.method;
const { createSession, listSessions } = SessionService.method;

let world: World;
let people: readonly TestUser[];

beforeAll(async () => {
  world = await openWorld("safe", { store });
  people = Array.from({ length: 101 }, () => world.nobody("crowd"));
  await Promise.all(
    people.map(({ id, organizationId }) =>
      world.asAdmin(addHumanUser, {
        userId: id,
        organization: { org: { case: "orgId", value: organizationId } },
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: `${id}@example.com` },
      }),
    ),
  );
  await Promise.all(
    people.map(({ id }) =>
      world.asAdmin(createSession, { checks: { user: { search: { case: "userId", value: id } } } }),
    ),
  );
});
afterAll(() => world.close());

async function roundTripsOf<T>(
  call: () => Promise<T>,
): Promise<{ readonly answer: T; readonly trips: number }> {
  const before = roundTrips;
  const answer = await call();
  return { answer, trips: roundTrips - before };
}

it("SetPhone: for who calls, who makes codes and whose phone it is, and the settings of both levels", async () => {
  const [user] = people;
  const { trips } = await roundTripsOf(() =>
    world.asAdmin(setPhone, {
      userId: user?.id ?? "",
      phone: user?.number ?? "",
      verification: { case: "returnCode", value: {} },
    }),
  );
  expect(trips).toBe(3);
});

it("GetLockoutSettings: for who calls, and the settings of both levels", async () => {
  const { trips } = await roundTripsOf(() =>
    world.asAdmin(getLockoutSettings, { ctx: { resourceOwner: { case: "orgId", value: "crowd" } } }),
  );
  expect(trips).toBe(2);
});

it.each([
  ["in force: for who calls, the settings of both levels, and how codes are drawn", "", 3],
  ["that is given: for who calls, and how codes are drawn", "{{.Code}} is your code", 2],
])("PreviewText of a text %s", async (_name, text, expected) => {
  const { trips } = await roundTripsOf(() =>
    world.asAdmin(previewText, { textType: TextType.VERIFY_PHONE, language: "en", text }),
  );
  expect(trips).toBe(expected);
});

it("ListUsers: for who calls, and for each hundred of them", async () => {
  const { answer, trips } = await roundTripsOf(() =>
    world.asAdmin(listUsers, {
      query: { limit: 1_000 },
      queries: [{ query: { case: "organizationIdQuery", value: { organizationId: "crowd" } } }],
    }),
  );
  expect(answer.result).toHaveLength(people.length);
  expect(trips).toBe(3);
});

it("ListSessions: for who calls, and for each hundred of them and their users", async () => {
  const { answer, trips } = await roundTripsOf(() =>
    world.asAdmin(listSessions, { query: { limit: 1_000 } }),
  );
  expect(answer.sessions).toHaveLength(people.length);
  expect(trips).toBe(5);
});
