/**
 * Do bad SMS providers lose messages, send them twice, or slow any call down?
 *
 * Sends SetPhone with send_code over gRPC at a fixed rate to servers of their own (sqlite store) with two webhooks of
 * equal weight in one route. One of them is healthy; the other fails 30 % of its calls (503), is dead (nobody
 * listens), answers 500, or hangs. Rounds alternate between the cases, and each has a fresh server. Waits until every
 * message has its end, 20 s at most, and prints what became of them; how often the breaker opened and closed; and p50, p99 and the
 * slowest call, in milliseconds from the moment it was due, with the ratio to those of the healthy case.
 *
 * Run it by `node bench/provider-faults.ts [--messages 1000] [--rate 200] [--rounds 3] [--cases healthy,failing]`.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { DeliveryService } from "../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../gen/zitadel/admin/v1/admin_service_pb.js";
import { UserService } from "../gen/zitadel/user/v2/user_service_pb.js";
import { adminToken, ServerProcess } from "../test/support/crash-server.ts";
import { createStoreFolder } from "../test/support/store-folder.ts";
import { waitingMessages } from "../test/support/crash-audit.ts";
import { alternate } from "./alternate.ts";
import { quantile } from "./statistics.ts";

const cases = ["healthy", "failing", "dead", "answering 500", "hanging"] as const;
type Case = (typeof cases)[number];

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000" },
    rate: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
    cases: { type: "string", default: cases.join(",") },
  },
});
const messages = Number(values.messages);
const callsPerSecond = Number(values.rate);
const rounds = Number(values.rounds);
const chosen = cases.filter((name) => values.cases.split(",").includes(name));
/** Not measured: the server is warming up. */
const warmUpCalls = Math.min(callsPerSecond, messages / 2);
const failingShare = 0.3;
/** What hangs may have been sent, so it waits for the same webhook until its code expires. */
const drainMsMax = 20_000;

const authorize: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${adminToken}`);
  return next(request);
};

interface Webhook {
  readonly url: string;
  readonly calls: () => number;
  readonly failed: () => number;
  close(): void;
}

/** @param taken how often each message was taken, by idempotency key; shared by the webhooks of a round */
async function startWebhook(kind: Case, taken: Map<string, number>): Promise<Webhook> {
  let calls = 0;
  let failed = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    calls += 1;
    if (kind === "hanging") return;
    const fails = kind === "answering 500" || (kind === "failing" && Math.random() < failingShare);
    if (fails) failed += 1;
    else {
      const key = String(request.headers["idempotency-key"]);
      taken.set(key, (taken.get(key) ?? 0) + 1);
    }
    response.writeHead(fails ? (kind === "failing" ? 503 : 500) : 204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  if (kind === "dead") close();
  return { url: `http://127.0.0.1:${port}/hook`, calls: () => calls, failed: () => failed, close };
}

interface Round {
  /** In milliseconds. */
  readonly latencies: readonly number[];
  readonly sent: number;
  readonly otherwise: number;
  readonly twice: number;
  readonly calls: number;
  readonly failed: number;
  readonly opened: number;
  readonly closed: number;
  /** From the last call to the last message. */
  readonly drainMs: number;
}

async function runRound(kind: Case): Promise<Round> {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const taken = new Map<string, number>();
  const webhooks = [await startWebhook(kind, taken), await startWebhook("healthy", taken)];
  const [bad] = webhooks;
  // The configured webhook gets nothing: the route names the other two.
  const variables = { RINGBACK_LOG_LEVEL: "info" };
  const server = new ServerProcess({ file, webhook: "http://127.0.0.1:9/hook", variables });
  const transport = createGrpcTransport({ baseUrl: await server.url(), interceptors: [authorize] });
  const users = createClient(UserService, transport);
  await route(webhooks.map(({ url }) => url));

  const ids = Array.from({ length: messages }, (_, index) => `user-${index}`);
  for (let from = 0; from < ids.length; from += 100) {
    const batch = ids.slice(from, from + 100).map((userId) =>
      users.addHumanUser({
        userId,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: `${userId}@example.com` },
      }),
    );
    await Promise.all(batch);
  }
  const beginMs = performance.now();
  const calls = ids.map(async (userId, index) => {
    const dueMs = beginMs + (index * 1000) / callsPerSecond;
    await wait(Math.max(0, dueMs - performance.now()));
    await users.setPhone({ userId, phone: `+41791${String(index).padStart(6, "0")}` });
    return performance.now() - dueMs;
  });
  const latencies = (await Promise.all(calls)).slice(warmUpCalls);
  const answeredMs = performance.now();
  while (waitingMessages(file) > 0 && performance.now() - answeredMs < drainMsMax) await wait(50);
  const drainMs = performance.now() - answeredMs;
  await server.signal("SIGTERM");
  const sent = countSent(file);
  const said = (words: string): number =>
    server.log.split("\n").filter((line) => line.includes(words)).length;
  for (const webhook of webhooks) webhook.close();
  await folder.remove();
  return {
    latencies,
    sent,
    otherwise: messages - sent,
    twice: [...taken.values()].filter((times) => times > 1).length,
    calls: bad?.calls() ?? NaN,
    failed: bad?.failed() ?? NaN,
    opened: said('"message":"an SMS provider fails'),
    closed: said('"message":"an SMS provider works again'),
    drainMs,
  };

  /** One route, for all countries, with these webhooks of equal weight. */
  async function route(urls: readonly string[]): Promise<void> {
    const admin = createClient(AdminService, transport);
    const added = await Promise.all(urls.map((endpoint) => admin.addSMSProviderHTTP({ endpoint })));
    const targets = added.map(({ id: providerId }) => ({ providerId, weight: 1, step: 1 }));
    await createClient(DeliveryService, transport).setRoutes({ routes: [{ countries: [], targets }] });
  }
}

function countSent(file: string): number {
  using database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare("SELECT count(*) AS rows FROM outbox WHERE outcome = 'sent'").get();
  return Number(row?.["rows"]);
}

const results = new Map<Case, Round[]>(chosen.map((kind) => [kind, []]));
await alternate(chosen, rounds, async (kind) => void results.get(kind)?.push(await runRound(kind)));

const shares = [0.5, 0.99, 1];
/** The median over the rounds. */
const latency = (kind: Case, share: number): number =>
  quantile(results.get(kind)?.map(({ latencies }) => quantile(latencies, share)) ?? [], 0.5);

console.log(
  `SetPhone at ${callsPerSecond}/s, ${rounds} rounds of ${messages} messages; latencies are medians`,
);
for (const [kind, done] of results) {
  const sum = (figure: Exclude<keyof Round, "latencies">): number =>
    done.reduce((total, round) => total + round[figure], 0);
  const times = shares.map((share) => {
    const ms = latency(kind, share);
    const name = share === 1 ? "slowest" : `p${share * 100}`;
    return `${name} ${ms.toFixed(2)} ms (${(ms / latency("healthy", share)).toFixed(2)})`;
  });
  console.log(
    `${kind.padEnd(14)} ${times.join("   ")}\n` +
      `               sent ${sum("sent")}, otherwise ${sum("otherwise")}, twice ${sum("twice")}; ` +
      `calls to it ${sum("calls")}, failed ${sum("failed")}; breaker opened ${sum("opened")}, ` +
      `closed ${sum("closed")}; drained in ${quantile(
        done.map(({ drainMs }) => drainMs),
        0.5,
      ).toFixed(0)} ms`,
  );
}
