import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { DeliveryService } from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { ProviderServer } from "../support/provider-server.ts";
import { signatureBy, standardWebhookBy, startWebhook } from "../support/webhook.ts";
import { openWorld, type World } from "../support/wire-world.ts";

/** RINGBACK_SMS names a webhook, whose key is being replaced. */

const [present, former] = ["the-key-from-now-on", "the-key-until-today"];

let webhook: ProviderServer;
let world: World;
beforeAll(async () => {
  webhook = await startWebhook();
  world = await openWorld("safe", {
    env: {
      RINGBACK_SMS: webhook.url,
      RINGBACK_SMS_ALLOW_PRIVATE: "true",
      RINGBACK_SMS_SIGNING_KEY: `${present}, ${former}`,
      RINGBACK_PUBLIC_URL: "https://sms.example.com",
    },
  });
});
afterAll(async () => {
  await world.close();
  await webhook.close();
});

async function send() {
  const { id: userId, number } = await world.user();
  await world.asAdmin(UserService.method.setPhone, { userId, phone: number });
  const { messages } = await world.asAdmin(DeliveryService.method.listMessages, { userId });
  const request = webhook.received.at(-1);
  if (request === undefined || messages[0] === undefined) throw new Error("nothing was sent");
  return { request, message: messages[0] };
}

it("is called the same wherever it is told of", async () => {
  const { request, message } = await send();
  expect(JSON.parse(request.body)).toMatchObject({
    contextInfo: { provider: { id: "default", description: "" } },
  });
  expect(request.headers["ringback-receipt-url"]).toBe(
    `https://sms.example.com/receipts/default?message=${message.id}`,
  );
  expect(message).toMatchObject({ providerId: "default", attempts: [{ providerId: "default" }] });
});

it("gets messages that each of the keys signs, and reports by any of them", async () => {
  for (const key of [present, former]) {
    const { request, message } = await send();
    const { headers, body } = request;
    const nowMs = world.clock.ms;
    expect(headers["zitadel-signature"]).toBe(signatureBy([present, former], body, nowMs));
    const signatures = [present, former].map(
      (each) => standardWebhookBy(each, message.id, body, nowMs)["webhook-signature"],
    );
    expect(headers["webhook-signature"]).toBe(signatures.join(" "));
    const receipt = JSON.stringify({ messageId: message.id, state: "delivered" });
    const response = await fetch(`${world.url}/receipts/default?message=${message.id}`, {
      method: "POST",
      headers: standardWebhookBy(key, "receipt", receipt, nowMs),
      body: receipt,
    });
    expect(response.status).toBe(204);
  }
});
