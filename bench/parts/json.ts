import { alternate } from "../alternate.ts";
import { methods, type WireProtocol } from "../load/job.ts";
import type { Plan } from "../options.ts";
import type { Results } from "../results.ts";
import type { Server, Stage } from "../stage.ts";

/** JSON over HTTP/1.1, as a browser's back end or curl would call. */

export const json = "JSON over HTTP/1.1 on one core, 64 connections";

export const subjects = {
  constant: "node:http, constant answer",
  connectNode: "connect-node, trivial handler",
  connect: "Ringback, Connect",
  rest: "Ringback, REST",
} as const;

export async function measureJson(stage: Stage, plan: Plan, results: Results): Promise<void> {
  const cases: readonly (readonly [subject: string, server: Server, protocol: WireProtocol])[] = [
    [subjects.constant, await stage.startPlain(subjects.constant, "constant", plan.users), "Connect JSON"],
    [
      subjects.connectNode,
      await stage.startPlain(subjects.connectNode, "connect-node", plan.users),
      "Connect JSON",
    ],
    // One server for both would pay in the second's rounds for the garbage of the first's.
    [subjects.connect, await stage.startOnMemory(subjects.connect, plan.users), "Connect JSON"],
    [subjects.rest, await stage.startOnMemory(subjects.rest, plan.users), "REST JSON"],
  ];
  for (const [, server, protocol] of cases) {
    for (const method of methods) {
      await stage.measure(server, { protocol, method, seconds: plan.warmUpSeconds });
    }
  }
  await alternate(cases, plan.rounds, async ([subject, server, protocol]) => {
    for (const method of methods) {
      const measurement = await stage.measure(server, { protocol, method, seconds: plan.roundSeconds });
      results.add(json, method, subject, measurement);
    }
  });
  await stage.stopServers();
}
