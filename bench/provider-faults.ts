/**
 * Does a bad SMS provider slow any call down?
 *
 * Measures SetPhone with send_code over gRPC at a fixed rate, against servers of their own (sqlite store) whose
 * webhook is healthy, dead (nobody listens), hanging, or answering 500. Rounds alternate between the four, and
 * each round has a fresh server. Prints the median over the rounds of p50 and p99, in milliseconds from the moment
 * a call was due, and the ratio of p99 to that with the healthy webhook.
 *
 * Run it by `node bench/provider-faults.ts [rounds] [calls per second]`.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { join } from "node:path";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { UserService } from "../gen/zitadel/user/v2/user_service_pb.js";
import { adminToken, ServerProcess } from "../test/support/crash-server.ts";
import { createStoreFolder } from "../test/support/store-folder.ts";

const rounds = Number(process.argv[2] ?? 5);
const callsPerSecond = Number(process.argv[3] ?? 200);
const callsPerRound = 5 * callsPerSecond;
const warmUpCalls = callsPerSecond;

const providers = ["healthy", "dead", "hanging", "answering 500"] as const;
type Provider = (typeof providers)[number];

const authorize: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${adminToken}`);
  return next(request);
};

/** A webhook of this kind. */
async function startWebhook(provider: Provider): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    request.resume();
    if (provider !== "hanging") response.writeHead(provider === "healthy" ? 204 : 500).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  if (provider === "dead") close();
  return { url: `http://127.0.0.1:${port}/hook`, close };
}

/** Latencies of one round, in milliseconds. */
async function runRound(provider: Provider): Promise<readonly number[]> {
  const folder = await createStoreFolder();
  const webhook = await startWebhook(provider);
  const server = new ServerProcess({ file: join(folder.path, "db"), webhook: webhook.url });
  const users = createClient(
    UserService,
    createGrpcTransport({ baseUrl: await server.url(), interceptors: [authorize] }),
  );
  const ids = Array.from({ length: warmUpCalls + callsPerRound }, (_, index) => `user-${index}`);
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
  await server.signal("SIGKILL");
  webhook.close();
  await folder.remove();
  return latencies;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

const p50s = new Map<Provider, number[]>(providers.map((provider) => [provider, []]));
const p99s = new Map<Provider, number[]>(providers.map((provider) => [provider, []]));
for (let round = 1; round <= rounds; round += 1) {
  // Another one begins each time, so that none always runs on a warmer machine.
  for (let turn = 0; turn < providers.length; turn += 1) {
    const provider = providers[(turn + round) % providers.length] ?? "healthy";
    const latencies = await runRound(provider);
    p50s.get(provider)?.push(quantile(latencies, 0.5));
    p99s.get(provider)?.push(quantile(latencies, 0.99));
  }
}

const healthyP99 = quantile(p99s.get("healthy") ?? [], 0.5);
console.log(`SetPhone at ${callsPerSecond}/s, ${rounds} rounds of ${callsPerRound} calls; medians (range)`);
for (const provider of providers) {
  const [p50, p99] = [p50s.get(provider) ?? [], p99s.get(provider) ?? []];
  const range = `${Math.min(...p99).toFixed(1)}–${Math.max(...p99).toFixed(1)}`;
  console.log(
    `${provider.padEnd(14)} p50 ${quantile(p50, 0.5).toFixed(2)} ms   ` +
      `p99 ${quantile(p99, 0.5).toFixed(2)} ms (${range})   ÷ healthy ${(quantile(p99, 0.5) / healthyP99).toFixed(2)}`,
  );
}
