import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { bearer } from "../support/bearer.ts";
import { adminToken, ServerProcess } from "../support/crash-server.ts";
import { createStoreFolder } from "../support/store-folder.ts";

const interceptors = [bearer(adminToken)];

let folder: Awaited<ReturnType<typeof createStoreFolder>>;
let file: string;

beforeEach(async () => {
  folder = await createStoreFolder();
  file = join(folder.path, "ringback.db");
});
afterEach(() => folder.remove());

it.each(["1.1", "2"] as const)(
  "SIGTERM under load over HTTP/%s cuts no call that has begun",
  async (httpVersion) => {
    const server = new ServerProcess({ file });
    const baseUrl = await server.url();
    const transport =
      httpVersion === "2"
        ? createGrpcTransport({ baseUrl, interceptors })
        : createConnectTransport({ baseUrl, httpVersion, interceptors });
    const users = createClient(UserService, transport);
    const acknowledged = new Set<string>();
    const failures: ConnectError[] = [];
    let isDown = false;

    const worker = async (name: number): Promise<void> => {
      for (let call = 1; !isDown; call += 1) {
        const userId = `user-${name}-${call}`;
        try {
          await users.addHumanUser({
            userId,
            profile: { givenName: "Ada", familyName: "Lovelace" },
            email: { email: `${userId}@example.com` },
          });
          acknowledged.add(userId);
          if (acknowledged.size === 300) void server.signal("SIGTERM");
        } catch (error) {
          failures.push(ConnectError.from(error));
          isDown = true;
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, name) => worker(name)));
    expect(await server.exited).toEqual({ code: 0, signal: null });

    // What came too late was refused, or found nobody: it may be sent again safely.
    for (const { message } of failures)
      expect(message).toMatch(/REFUSED_STREAM|EPIPE|ECONNRESET|ECONNREFUSED|hang up/);
    // And what had begun was answered: everything that was written was acknowledged.
    const store = await openSqliteStore({ file, log: silentLog });
    const added = store.history(0, 100_000).filter(({ type }) => type === "user.human.added");
    expect(new Set(added.map(({ aggregate }) => aggregate.id))).toEqual(acknowledged);
    await store.close();
  },
);

it("SIGTERM ends a watch, and tells it why", async () => {
  const server = new ServerProcess({ file });
  const baseUrl = await server.url();
  const inbox = createClient(InboxService, createGrpcTransport({ baseUrl, interceptors }));
  await inbox.listMessages({});
  const watching = inbox.watchMessages({})[Symbol.asyncIterator]();
  const next = watching.next();
  await inbox.listMessages({}); // on the same connection: the watch has begun
  const exited = server.signal("SIGTERM");
  await expect(next).rejects.toMatchObject({ code: Code.Unavailable });
  expect(await exited).toEqual({ code: 0, signal: null });
});

it("SIGTERM ends a call that waits, and tells it why", async () => {
  const server = new ServerProcess({ file });
  const baseUrl = await server.url();
  const inbox = createClient(InboxService, createGrpcTransport({ baseUrl, interceptors }));
  await inbox.listMessages({});
  const waiting = inbox.waitForMessage({ phoneNumber: "+41791234567" });
  await inbox.listMessages({}); // on the same connection: the wait has begun
  const exited = server.signal("SIGTERM");
  await expect(waiting).rejects.toMatchObject({ code: Code.Unavailable });
  expect(await exited).toEqual({ code: 0, signal: null });
});

it("SIGINT twice at once, as it comes by npm, cuts no call that has begun", async () => {
  const server = new ServerProcess({ file });
  const { host, port } = new URL(await server.url());
  const socket = connectTcp(Number(port), "127.0.0.1");
  socket.write(
    `POST /ringback.inbox.v1.InboxService/ListMessages HTTP/1.1\r\nHost: ${host}\r\n` +
      `Authorization: Bearer ${adminToken}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n` +
      "Expect: 100-continue\r\n\r\n",
  );
  await once(socket, "data"); // "100 Continue": the call has begun
  void server.signal("SIGINT");
  await server.logged("shutting down");
  const exited = server.signal("SIGINT");
  socket.write("{}");
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await exited).toEqual({ code: 0, signal: null });
});
