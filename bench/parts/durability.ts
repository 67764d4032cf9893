import { alternate } from "../alternate.ts";
import type { Plan } from "../options.ts";
import type { Results } from "../results.ts";
import type { Stage } from "../stage.ts";
import { subjects } from "./grpc.ts";

/** What it costs that every acknowledged write is on the disk, with every core free for the server. */

export const durability = "gRPC SetPhone on any core, 256 calls in flight";

export async function measureDurability(stage: Stage, plan: Plan, results: Results): Promise<void> {
  const servers = [
    await stage.startOnMemory(subjects.memory, plan.users, "any core"),
    await stage.startOnSqlite(subjects.sqlite, plan.users, "any core"),
  ];
  const task = { protocol: "gRPC", method: "SetPhone" } as const;
  for (const server of servers) await stage.measure(server, { ...task, seconds: plan.warmUpSeconds });
  await alternate(servers, plan.rounds, async (server) => {
    const measurement = await stage.measure(server, { ...task, seconds: plan.roundSeconds });
    results.add(durability, "SetPhone", server.name, measurement);
  });
  await stage.stopServers();
}
