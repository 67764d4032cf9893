import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.js";
import * as v1 from "../../gen/grpc/reflection/v1/reflection_pb.js";
import * as v1alpha from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { startEchoServer, type EchoServer } from "../support/echo-server.ts";

/** Everything but health and reflection is refused. */
const refuseAll = {
  requestGate() {
    throw new Error("must not be asked");
  },
};

let server: EchoServer;
let isReady = true;
beforeAll(async () => {
  server = await startEchoServer({
    ...refuseAll,
    isReady: () => isReady,
    limits: { readinessHoldsMs: 0, healthWatchIntervalMs: 10 },
  });
});
afterAll(() => server.shutdown(0));

const grpcTransport = () => createGrpcTransport({ baseUrl: server.url });
const transports: [string, () => Transport][] = [
  ["gRPC", grpcTransport],
  ["gRPC-Web", () => createGrpcWebTransport({ baseUrl: server.url, httpVersion: "2" })],
  ["Connect", () => createConnectTransport({ baseUrl: server.url, httpVersion: "2" })],
];

describe("health", () => {
  it.each(transports)("is told without a token, over %s", async (_name, transport) => {
    const health = createClient(Health, transport());
    expect((await health.check({})).status).toBe(Status.SERVING);
    expect((await health.check({ service: UserService.typeName })).status).toBe(Status.SERVING);
    await expect(health.check({ service: "none" })).rejects.toMatchObject({ code: Code.NotFound });
    isReady = false;
    expect((await health.check({})).status).toBe(Status.NOT_SERVING);
    isReady = true;
    const { statuses } = await health.list({});
    expect(statuses[""]?.status).toBe(Status.SERVING);
    expect(statuses[UserService.typeName]?.status).toBe(Status.SERVING);
  });

  it("is told by HTTP at /readyz, too", async () => {
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true }]);
    isReady = false;
    const notReady = await fetch(`${server.url}/readyz`);
    expect([notReady.status, await notReady.json()]).toEqual([503, { ready: false }]);
    isReady = true;
  });

  it("can be watched: every change is told, and nothing else", async () => {
    // Two looks ready, two not, and so on.
    let looks = 0;
    const own = await startEchoServer({
      isReady: () => (looks++ & 2) === 0,
      limits: { readinessHoldsMs: 0, healthWatchIntervalMs: 1 },
    });
    const leaving = new AbortController();
    const told: Status[] = [];
    const watching = (async () => {
      const health = createClient(Health, createGrpcTransport({ baseUrl: own.url }));
      for await (const { status } of health.watch({}, { signal: leaving.signal })) {
        told.push(status);
        if (told.length === 4) leaving.abort();
      }
    })();
    await expect(watching).rejects.toMatchObject({ code: Code.Canceled });
    expect(told).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);
    await own.shutdown(60_000);
  });

  it("costs one look, however many ask within a moment", async () => {
    let looks = 0;
    const own = await startEchoServer({ isReady: () => ++looks > 0, limits: { readinessHoldsMs: 60_000 } });
    const health = createClient(Health, createGrpcTransport({ baseUrl: own.url }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => health.check({})));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([Status.SERVING]));
    await fetch(`${own.url}/readyz`);
    expect(looks).toBe(1);
    await own.shutdown(0);
  });

  it("does not tell why it is not known, which is logged", async () => {
    const own = await startEchoServer({
      isReady() {
        throw new Error("the store is broken");
      },
    });
    const health = createClient(Health, createGrpcTransport({ baseUrl: own.url }));
    await expect(health.check({})).rejects.toMatchObject({
      code: Code.Internal,
      rawMessage: "internal error",
    });
    expect(own.errors).toMatchObject([{ message: "a call failed unexpectedly" }]);
    await own.shutdown(0);
  });

  it("has as many watches as connections at most", async () => {
    const own = await startEchoServer({ limits: { connectionsMax: 1 } });
    const health = createClient(Health, createGrpcTransport({ baseUrl: own.url }));
    const leaving = new AbortController();
    const first = health.watch({}, { signal: leaving.signal })[Symbol.asyncIterator]();
    expect((await first.next()).value?.status).toBe(Status.SERVING);
    const second = health.watch({})[Symbol.asyncIterator]();
    await expect(second.next()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    leaving.abort();
    await expect(first.next()).rejects.toMatchObject({ code: Code.Canceled });
    await own.shutdown(0);
  });

  it.each([
    ["", [Status.SERVING, Status.NOT_SERVING]],
    ["none", [Status.SERVICE_UNKNOWN]],
  ])(
    "is taken back when the server shuts down, which does not wait for watches of %j",
    async (service, all) => {
      const own = await startEchoServer();
      let stopped: Promise<void> | undefined;
      const told: Status[] = [];
      const watching = (async () => {
        const health = createClient(Health, createGrpcTransport({ baseUrl: own.url }));
        for await (const { status } of health.watch({ service })) {
          told.push(status);
          stopped ??= own.shutdown(60_000);
        }
      })();
      await expect(watching).rejects.toMatchObject({ code: Code.Unavailable });
      await stopped;
      expect(told).toEqual(all);
    },
  );

  it.each([
    ["GET /readyz", /^HTTP\/1\.1 503 [^]*\{"ready":false\}$/],
    ["POST /grpc.health.v1.Health/Check", /^HTTP\/1\.1 200 [^]*\{"status":"NOT_SERVING"\}$/],
    ["POST /grpc.health.v1.Health/List", /^HTTP\/1\.1 200 (?![^]*"SERVING")/],
  ])("is taken back for whoever asks while the server shuts down: %s", async (request, answer) => {
    const own = await startEchoServer({ limits: { http1LastRequestMs: 60_000 } });
    const socket = connectTcp(own.port, "127.0.0.1");
    socket.write("GET /keys HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "data");
    const stopped = own.shutdown(60_000);
    const fields = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 2";
    socket.write(`${request} HTTP/1.1\r\n${fields}\r\n\r\n{}`);
    expect(await text(socket)).toMatch(answer);
    await stopped;
  });
});

type Ask = v1.ServerReflectionRequest["messageRequest"];

async function ask(messageRequest: Ask): Promise<v1.ServerReflectionResponse["messageResponse"]> {
  async function* requests() {
    yield { host: "h", messageRequest };
  }
  for await (const response of createClient(v1.ServerReflection, grpcTransport()).serverReflectionInfo(
    requests(),
  )) {
    expect(response).toMatchObject({ validHost: "h", originalRequest: { messageRequest } });
    return response.messageResponse;
  }
  throw new Error("there was no answer");
}

async function filesFor(request: Ask) {
  const response = await ask(request);
  if (response.case !== "fileDescriptorResponse") throw new Error(JSON.stringify(response));
  return response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe("reflection", () => {
  it.each(transports)("works without a token, in both versions, over %s", async (_name, transport) => {
    for (const service of [v1.ServerReflection, v1alpha.ServerReflection]) {
      async function* requests() {
        yield { messageRequest: { case: "listServices" as const, value: "" } };
      }
      const client = createClient(service, transport());
      for await (const { messageResponse } of client.serverReflectionInfo(requests())) {
        expect(messageResponse.case).toBe("listServicesResponse");
      }
    }
  });

  it("lists the services, itself and health included", async () => {
    const response = await ask({ case: "listServices", value: "" });
    if (response.case !== "listServicesResponse") throw new Error("not a list");
    expect(response.value.service.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "zitadel.user.v2.UserService",
        "ringback.inbox.v1.InboxService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ]),
    );
  });

  it("gives a file with all that it needs to be understood", async () => {
    const files = await filesFor({ case: "fileByFilename", value: "zitadel/user/v2/user_service.proto" });
    expect(files[0]?.name).toBe("zitadel/user/v2/user_service.proto");
    const names = new Set(files.map(({ name }) => name));
    expect(names.size).toBe(files.length);
    expect(names).toContain("google/protobuf/descriptor.proto");
    for (const { dependency } of files) for (const name of dependency) expect(names).toContain(name);
    // The options that are extensions are still there, for who knows them.
    expect(files[0]?.service[0]?.method[0]?.options?.$unknown?.map(({ no }) => no)).toContain(72295728);
  });

  it.each([
    "zitadel.user.v2.UserService",
    "zitadel.user.v2.UserService.SetPhone",
    "zitadel.user.v2.SetPhoneRequest",
    "zitadel.user.v2.SetPhoneRequest.user_id",
    "zitadel.user.v2.SetPhoneRequest.verification",
  ])("finds the file of %s", async (value) => {
    const [file] = await filesFor({ case: "fileContainingSymbol", value });
    expect(file?.name).toBe("zitadel/user/v2/user_service.proto");
  });

  it("finds what no method names: the details of errors", async () => {
    const [file] = await filesFor({ case: "fileContainingSymbol", value: "zitadel.v1.ErrorDetail" });
    expect(file?.name).toBe("zitadel/v1/error.proto");
  });

  it("finds enum values beside their enum, and extensions", async () => {
    for (const value of ["ringback.inbox.v1.Purpose", "ringback.inbox.v1.PURPOSE_VERIFY_PHONE"]) {
      const [file] = await filesFor({ case: "fileContainingSymbol", value });
      expect(file?.name).toBe("ringback/inbox/v1/inbox_service.proto");
    }
    const extendee = { $typeName: "grpc.reflection.v1.ExtensionRequest" as const };
    const [file] = await filesFor({
      case: "fileContainingExtension",
      value: { ...extendee, containingType: "google.protobuf.MethodOptions", extensionNumber: 72295728 },
    });
    expect(file?.name).toBe("google/api/annotations.proto");
    expect(
      await ask({ case: "allExtensionNumbersOfType", value: "google.protobuf.MethodOptions" }),
    ).toMatchObject({ value: { extensionNumber: expect.arrayContaining([72295728]) } });
    expect(
      await ask({ case: "allExtensionNumbersOfType", value: "zitadel.user.v2.SetPhoneRequest" }),
    ).toMatchObject({ value: { extensionNumber: [] } });
  });

  it.each([
    { case: "fileByFilename" as const, value: "none.proto" },
    { case: "fileContainingSymbol" as const, value: "none.None" },
    { case: "allExtensionNumbersOfType" as const, value: "none.None" },
  ])("tells that there is no %o", async (request) => {
    expect(await ask(request)).toMatchObject({
      case: "errorResponse",
      value: { errorCode: Code.NotFound, errorMessage: expect.stringContaining("none") },
    });
  });

  it("may go on asking for longer than a request may take", async () => {
    const own = await startEchoServer({ limits: { requestTimeoutMs: 50 } });
    const later = Promise.withResolvers<void>();
    async function* requests() {
      yield* oneQuestion();
      await later.promise;
      yield* oneQuestion();
    }
    const reflection = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: own.url }));
    const answers = reflection.serverReflectionInfo(requests())[Symbol.asyncIterator]();
    await answers.next();
    // One that began later, and does not end.
    const session = connectHttp2(own.url);
    const request = session.request({ ":method": "POST", ":path": "/v2/users/7/phone" });
    request.on("error", () => {});
    await once(request, "close");
    later.resolve();
    expect(await answers.next()).toMatchObject({ done: false });
    session.close();
    await own.shutdown(0);
  });

  it("is asked in as many streams at a time as the limit says", async () => {
    const own = await startEchoServer({ limits: { reflectionStreamsMax: 1 } });
    const reflection = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: own.url }));
    const leaving = new AbortController();
    const open = async (): Promise<void> => {
      async function* requests() {
        yield* oneQuestion();
        await once(leaving.signal, "abort");
      }
      const answers = reflection.serverReflectionInfo(requests(), { signal: leaving.signal });
      await answers[Symbol.asyncIterator]().next();
    };
    await open();
    await expect(open()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    leaving.abort();
    let isLet = false;
    for (let tries = 0; !isLet && tries < 1_000; tries++) {
      const again = reflection.serverReflectionInfo(oneQuestion())[Symbol.asyncIterator]();
      isLet = await again.next().then(
        () => true,
        () => false,
      );
    }
    expect(isLet).toBe(true);
    await own.shutdown(0);
  });
});

async function* oneQuestion() {
  yield { messageRequest: { case: "listServices", value: "" } } as const;
}
