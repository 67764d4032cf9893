import { alternate } from "../alternate.ts";
import { methods } from "../load/job.ts";
import type { Plan } from "../options.ts";
import type { Results } from "../results.ts";
import type { Server, Stage } from "../stage.ts";

/** Five servers on one core: what Ringback costs beside doing nothing, and beside others that do nothing. */

export const saturated = "gRPC on one core, 256 calls in flight";
export const paced = "gRPC SetPhone at a fixed rate";

export const subjects = {
  constant: "node:http2, constant answer",
  grpcJs: "grpc-js, trivial handler",
  connectNode: "connect-node, trivial handler",
  memory: "Ringback on memory",
  sqlite: "Ringback on sqlite",
} as const;

/** The rate at which a server is half busy. */
export function halfOf(subject: string): string {
  return `half of what ${subject} can do`;
}

export async function measureGrpc(stage: Stage, plan: Plan, results: Results): Promise<void> {
  const constant = await stage.startPlain(subjects.constant, "constant", plan.users);
  const others = [
    await stage.startPlain(subjects.grpcJs, "grpc-js", plan.users),
    await stage.startPlain(subjects.connectNode, "connect-node", plan.users),
    await stage.startOnMemory(subjects.memory, plan.users),
    await stage.startOnSqlite(subjects.sqlite, plan.users),
  ];
  const servers = [constant, ...others];

  for (const server of servers) {
    for (const method of methods) {
      await stage.measure(server, { protocol: "gRPC", method, seconds: plan.warmUpSeconds });
    }
  }
  await alternate(servers, plan.rounds, async (server) => {
    for (const method of methods) {
      const task = { protocol: "gRPC", method, seconds: plan.roundSeconds } as const;
      results.add(saturated, method, server.name, await stage.measure(server, task));
    }
  });

  const pairs = others.flatMap((other): readonly (readonly [Server, Server])[] => [
    [constant, other],
    [other, other],
  ]);
  await alternate(pairs, plan.rounds, async ([server, yardstick]) => {
    const callsPerSecond = results.median(saturated, "SetPhone", yardstick.name) / 2;
    const task = { protocol: "gRPC", method: "SetPhone", seconds: plan.roundSeconds } as const;
    const measurement = await stage.measure(server, { ...task, pace: { callsPerSecond } });
    results.add(paced, halfOf(yardstick.name), server.name, measurement);
  });
  await stage.stopServers();
}
