import { alternate } from "../alternate.ts";
import type { Draw } from "../load/job.ts";
import type { Plan } from "../options.ts";
import type { Results } from "../results.ts";
import type { Server, Stage } from "../stage.ts";

/** The same calls among more and more stored users, on sqlite. */

export const growth = "gRPC SetPhone on sqlite among more users, one core";

/** Who calls. */
export const callers: Readonly<Record<Draw, string>> = {
  hot: "1 % of the users make 90 % of the calls",
  alike: "all users alike",
};
export const halfPace = `${callers.alike}, half of what it can do`;

export function usersOf(users: number): string {
  return `${users.toLocaleString("en")} users`;
}

export async function measureGrowth(stage: Stage, plan: Plan, results: Results): Promise<void> {
  const start = (users: number): Promise<Server> => stage.startOnSqlite(usersOf(users), users);
  // So that the files are there: filling them is not part of a start.
  for (const users of plan.growth) await (await start(users)).stop();
  await alternate(plan.growth, plan.rounds, async (users) => {
    const server = await start(users);
    results.addStartUp(users, server.startUpSeconds);
    await server.stop();
  });

  const servers: Server[] = [];
  for (const users of plan.growth) servers.push(await start(users));
  const task = { protocol: "gRPC", method: "SetPhone" } as const;
  for (const server of servers) await stage.measure(server, { ...task, seconds: plan.warmUpSeconds });
  const seconds = plan.roundSeconds;
  for (const draw of ["hot", "alike"] as const) {
    await alternate(servers, plan.rounds, async (server) => {
      results.add(
        growth,
        callers[draw],
        server.name,
        await stage.measure(server, { ...task, draw, seconds }),
      );
    });
  }
  await alternate(servers, plan.rounds, async (server) => {
    const callsPerSecond = results.median(growth, callers.alike, server.name) / 2;
    const measurement = await stage.measure(server, { ...task, seconds, pace: { callsPerSecond } });
    results.add(growth, halfPace, server.name, measurement);
  });
  await stage.stopServers();
}
