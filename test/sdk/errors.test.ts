import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createServerTransport } from "@zitadel/client/node";
import { createAdminServiceClient, createManagementServiceClient } from "@zitadel/client/v1";
import { createUserServiceClient } from "@zitadel/client/v2";
import { createClientTransport } from "@zitadel/client/web";
import { ErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { profiles } from "../../src/domain/policy.ts";
import { type Caller, callers, lockout, people } from "./refusals.ts";
import { refusalsV1 } from "./refusals-v1.ts";
import { refusalsV2 } from "./refusals-v2.ts";
import { refusalsV3alpha } from "./refusals-v3alpha.ts";
import { type SdkServer, startServer } from "./server.ts";

/** Each RPC of each service that ZITADEL's package knows tells its errors to the package's client. */

const services = [...refusalsV2, ...refusalsV1, ...refusalsV3alpha];

describe("the table of refusals", () => {
  it.each(services)("has every RPC of $service", ({ served, calls, never }) => {
    const named = [...calls.map(({ method }) => method), ...Object.keys(never)];
    expect(named.toSorted()).toEqual(served.toSorted());
  });

  it("has every service that the server lists, and that the package has", async () => {
    const server = await startServer("safe");
    const ofZitadel = (await servicesOf(server.url)).filter((name) => name.startsWith("zitadel."));
    await server.close();
    const inNoPackage = ["zitadel.user.v3alpha.UserService"];
    expect([...services.map(({ service }) => service), ...inNoPackage].toSorted()).toEqual(
      ofZitadel.toSorted(),
    );
  });
});

const transports = [
  { over: "gRPC", create: createServerTransport },
  { over: "gRPC-Web", create: createClientTransport },
];

describe.each(transports)("over $over", ({ create }) => {
  let server: SdkServer;
  beforeAll(async () => {
    server = await startServer("safe");
  });
  afterAll(() => server.close());

  it.each(services)("what $service has elsewhere, but not here, is unimplemented", async (service) => {
    const call = service.clientOver(create(server.adminToken, { baseUrl: server.url }));
    for (const method of service.unserved) {
      const { code } = await errorOf(call(method, {}));
      expect({ method, code: Code[code] }).toEqual({ method, code: Code[Code.Unimplemented] });
    }
  });
});

const ways = profiles.flatMap((profile) => transports.map(({ over, create }) => ({ profile, over, create })));

describe.each(ways)("over $over, profile $profile", ({ profile, create }) => {
  let server: SdkServer;
  const transportOf = new Map<Caller, Transport>();
  beforeAll(async () => {
    server = await startServer(profile);
    const { url: baseUrl, adminToken } = server;
    const asAdmin = create(adminToken, { baseUrl });
    await settle(asAdmin);
    transportOf.set("administrator", asAdmin).set("stranger", create("nobody's token", { baseUrl }));
    for (const name of callers) {
      transportOf.set(name, create(await server.tokenOf(people[name].id), { baseUrl }));
    }
  });
  afterAll(() => server.close());

  describe.each(services)("$service", ({ calls, clientOver }) => {
    it.each(calls)("$method → $id", async ({ method, input, caller, code, id }) => {
      const transport = transportOf.get(caller);
      if (transport === undefined) throw new Error(`${caller} has no token`);
      const error = await errorOf(clientOver(transport)(method, input));
      const details = error.findDetails(ErrorDetailSchema);
      expect({ code: Code[error.code], ids: details.map((detail) => detail.id) }).toEqual({
        code: Code[code],
        ids: [id],
      });
      expect(error.rawMessage).toBe(`${details[0]?.message} (${id})`);
    });
  });
});

/** By reflection. */
async function servicesOf(baseUrl: string): Promise<readonly string[]> {
  const client = createClient(ServerReflection, createServerTransport("", { baseUrl }));
  const ask = async function* () {
    yield { messageRequest: { case: "listServices", value: "" } } as const;
  };
  const names: string[] = [];
  for await (const { messageResponse } of client.serverReflectionInfo(ask())) {
    if (messageResponse.case === "listServicesResponse") {
      names.push(...messageResponse.value.service.map(({ name }) => name));
    }
  }
  return names;
}

/** @throws Error if the call succeeds, or fails in some other way */
async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const outcome: unknown = await call.catch((reason: unknown) => reason);
  if (outcome instanceof ConnectError) return outcome;
  throw new Error("this was to be refused", { cause: outcome });
}

/** Brings everybody and everything into the situation that the calls are made in. */
async function settle(asAdmin: Transport): Promise<void> {
  const users = createUserServiceClient(asAdmin);
  for (const { id: userId, number, isVerified } of Object.values(people)) {
    const verification = isVerified
      ? ({ case: "isVerified", value: true } as const)
      : ({ case: "returnCode", value: {} } as const);
    await users.addHumanUser({
      userId,
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: `${userId}@example.com` },
      ...(number === undefined ? {} : { phone: { phone: number, verification } }),
    });
  }
  await users.addOTPSMS({ userId: people.enrolled.id });
  await users.deactivateUser({ userId: people.inactive.id });
  await createAdminServiceClient(asAdmin).updateLockoutPolicy(lockout);
  await createManagementServiceClient(asAdmin).addCustomLockoutPolicy(lockout);
}
