import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { adminToken, openWorld } from "../support/wire-world.ts";

/** A program that counts the pause between two SMS down does not have to read a sentence for it. */

const world = await openWorld("safe");
afterAll(() => world.close());

const headers = { authorization: `Bearer ${adminToken}` };
const baseUrl = world.url;
const over =
  (transport: Transport) =>
  async (userId: string): Promise<Headers> => {
    const { resendPhoneCode } = createClient(UserService, transport);
    const error = await resendPhoneCode({ userId }, { headers }).catch(ConnectError.from);
    if (!(error instanceof ConnectError)) throw new Error("it was not refused");
    expect(error.code).toBe(Code.ResourceExhausted);
    return error.metadata;
  };

it.each([
  { protocol: "gRPC", refuse: over(createGrpcTransport({ baseUrl })) },
  { protocol: "gRPC-Web", refuse: over(createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })) },
  { protocol: "Connect", refuse: over(createConnectTransport({ baseUrl, httpVersion: "1.1" })) },
  {
    protocol: "REST",
    refuse: async (userId: string): Promise<Headers> => {
      const response = await fetch(`${baseUrl}/v2/users/${userId}/phone/resend`, { method: "POST", headers });
      expect(response.status).toBe(429);
      return response.headers;
    },
  },
])("$protocol tells how many seconds are left", async ({ refuse }) => {
  const { id: userId, number: phone } = await world.user();
  await world.asAdmin(UserService.method.setPhone, { userId, phone });
  world.clock.ms += 18_001;
  expect((await refuse(userId)).get("retry-after")).toBe("12");
});

it("a refusal that is for good tells none", async () => {
  const response = await fetch(`${baseUrl}/v2/users/nobody/phone/resend`, { method: "POST", headers });
  expect([response.status, response.headers.get("retry-after")]).toEqual([404, null]);
});
