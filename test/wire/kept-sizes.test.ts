import { afterAll, expect, it } from "@jest/globals";
import { DeliveryService, MessageState } from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { fakeSmsProvider } from "../support/fake-sms-provider.ts";
import { openWorld } from "../support/wire-world.ts";

/** What clients and providers may keep here has bounds, and everything up to them is kept. */

const { addHumanUser, createUser, setPhone } = UserService.method;
const admin = AdminService.method;
const management = ManagementService.method;
const textsMax = 200;
const keysMax = 50;

const world = await openWorld("safe");
afterAll(() => world.close());

interface Text {
  readonly language: string;
  readonly text: string;
}

it.each([
  {
    scope: "the instance",
    set: (request: Text) => world.asAdmin(admin.setDefaultVerifyPhoneMessageText, request),
    reset: (language: string) =>
      world.asAdmin(admin.resetCustomVerifyPhoneMessageTextToDefault, { language }),
  },
  {
    scope: "an organization",
    set: (request: Text) => world.asAdmin(management.setCustomVerifyPhoneMessageText, request),
    reset: (language: string) =>
      world.asAdmin(management.resetCustomVerifyPhoneMessageTextToDefault, { language }),
  },
])("$scope has 200 texts at most", async ({ set, reset }) => {
  const textIn = (language: string, text = "{{.Code}}") => set({ language, text });
  for (let count = 1; count <= textsMax; count += 1) await textIn(`en-x-${count}`);
  await expect(textIn("fr")).rejects.toThrow("There may be 200 message texts at most. (TEXT-t0Mny)");
  await textIn("en-x-1", "Your code: {{.Code}}");
  await reset("en-x-1");
  await textIn("fr");
});

const profile = { givenName: "Ada", familyName: "Lovelace" };
const email = () => ({ email: `${world.nobody().id}@example.com` });
const entries = (count: number, bytes = 1) =>
  Array.from({ length: count }, (_, index) => ({
    key: `key-${index + 1}`.padEnd(10, "."),
    value: new Uint8Array(bytes),
  }));

/** Both ways to add a user with metadata. */
const ways = [
  {
    name: "AddHumanUser",
    add: (metadata: ReturnType<typeof entries>) =>
      world.asAdmin(addHumanUser, { profile, email: email(), metadata }),
  },
  {
    name: "CreateUser",
    add: (metadata: ReturnType<typeof entries>) =>
      world.asAdmin(createUser, {
        organizationId: "works",
        userType: { case: "human", value: { profile, email: email(), metadata } },
      }),
  },
];

it.each(ways)("$name takes the largest value of the contract, 50 keys and 512 KiB", async ({ add }) => {
  await add(entries(1, 500_000));
  await add(entries(keysMax, Math.floor((512 * 1024) / keysMax) - 10));
});

it.each(ways)("$name refuses metadata of more keys, or more bytes", async ({ add }) => {
  await expect(add(entries(keysMax + 1))).rejects.toThrow(/metadata.*50 keys.*\(RINGBACK-s8Max\)/);
  await expect(add(entries(2, 300_000))).rejects.toThrow(/metadata.*524288 bytes.*\(RINGBACK-s8Max\)/);
});

it.each([
  { length: 200, kept: "M".repeat(200) },
  { length: 201, kept: "" },
])("an id of $length characters that a provider gives a message", async ({ length, kept }) => {
  const smsProvider = fakeSmsProvider({
    send: async () => ({ kind: "sent", providerMessageId: "M".repeat(length) }),
  });
  const talked = await openWorld("safe", { smsProvider });
  try {
    const { id: userId, number: phone } = await talked.user();
    await talked.asAdmin(setPhone, { userId, phone });
    const { messages } = await talked.asAdmin(DeliveryService.method.listMessages, { userId });
    expect(messages).toMatchObject([{ state: MessageState.SENT, providerMessageId: kept }]);
  } finally {
    await talked.close();
  }
});
