/** The load, as a program of its own: does one job after the other. Argument: which of several loads it is, from 0. */
import { answerRequests } from "../programs.ts";
import { callingUsersMax, mintTokens } from "../users.ts";
import { becomeLoad, type Codes, createCallers } from "./callers.ts";
import type { Job } from "./job.ts";
import { runJob } from "./run-job.ts";

becomeLoad(Number(process.argv[2] ?? 0));
const tokens = await mintTokens(callingUsersMax);
const codesByServer = new Map<string, Codes>();

function codesOf(server: string): Codes {
  const codes: Codes = codesByServer.get(server) ?? new Map();
  codesByServer.set(server, codes);
  return codes;
}

answerRequests(
  {},
  (job: Job) => runJob(job, createCallers({ job, codes: codesOf(job.server), tokens })),
  async () => {},
);
