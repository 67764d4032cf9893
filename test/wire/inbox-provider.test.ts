import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { DeliveryService } from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { ProviderServer } from "../support/provider-server.ts";
import { startWebhook } from "../support/webhook.ts";
import { openWorld, type World } from "../support/wire-world.ts";

/** RINGBACK_SMS names a webhook, and an inbox is added as a provider. */

const { addProvider, setRoutes } = DeliveryService.method;
const { activateSMSProvider, deactivateSMSProvider } = AdminService.method;
const { clearMessages, listMessages, waitForMessage } = InboxService.method;

let webhook: ProviderServer;
let world: World;
beforeEach(async () => {
  webhook = await startWebhook();
  world = await openWorld("safe", {
    env: {
      RINGBACK_SMS: webhook.url,
      RINGBACK_SMS_ALLOW_PRIVATE: "true",
      RINGBACK_SMS_SIGNING_KEY: "k".repeat(32),
    },
  });
});
afterEach(async () => {
  await world.close();
  await webhook.close();
});

const addInbox = async (): Promise<string> =>
  (await world.asAdmin(addProvider, { config: { case: "inbox", value: {} } })).id;

async function send(): Promise<string> {
  const { id: userId, number } = await world.user();
  await world.asAdmin(UserService.method.setPhone, { userId, phone: number });
  return number;
}

it("answers while an inbox is active, and for what it took then", async () => {
  const id = await addInbox();
  await world.asAdmin(activateSMSProvider, { id });
  const phoneNumber = await send();
  expect((await world.asAdmin(waitForMessage, { phoneNumber })).message?.phoneNumber).toBe(phoneNumber);
  await world.asAdmin(deactivateSMSProvider, { id });
  expect((await world.asAdmin(listMessages, {})).messages).toHaveLength(1);
  expect((await world.asAdmin(clearMessages, {})).count).toBe(1);
});

it("answers while an inbox is in a route", async () => {
  const providerId = await addInbox();
  await world.asAdmin(setRoutes, { routes: [{ targets: [{ providerId, weight: 1, step: 1 }] }] });
  await send();
  expect((await world.asAdmin(listMessages, {})).messages).toHaveLength(1);
});

it("is refused where there is none", async () => {
  for (const asked of [
    world.asAdmin(listMessages, {}),
    world.asAdmin(clearMessages, {}),
    world.asAdmin(waitForMessage, { phoneNumber: "+41791234567" }),
  ]) {
    await expect(asked).rejects.toThrow(/no inbox.*\(INBOX-n1Ac3\)/);
  }
});
