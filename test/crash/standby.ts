/**
 * Does a service on two PostgreSQL servers lose anything when the primary dies and the standby takes its place?
 *
 * A standby follows the primary by synchronous streaming replication. Two replicas, which know both servers by
 * their URL, answer callers over gRPC; then the primary is killed, the standby promoted, and the callers go on. At the
 * end everything that callers were told is held against what the new primary holds.
 *
 *     node test/crash/standby.ts [--runs 3] [--seconds 4] [--seed 1]
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { gatherEvidence } from "../support/crash-audit.ts";
import { checkAvailability } from "../support/crash-availability.ts";
import { createChance } from "../support/crash-chance.ts";
import { findDefects } from "../support/crash-checker.ts";
import { Load } from "../support/crash-load.ts";
import { startReceiver } from "../support/crash-receiver.ts";
import { Replicas } from "../support/crash-replicas.ts";
import { signingKey } from "../support/crash-server.ts";
import { PostgresCluster, urlOf } from "../support/postgres-cluster.ts";

export interface StandbyRun {
  /** Of load before the primary is killed, and after the promotion. */
  readonly seconds: number;
  readonly seed: number;
}

export interface StandbyResult {
  /** What does not fit; nothing if all is well. */
  readonly complaints: readonly string[];
  readonly callsDone: number;
  /** Acknowledged before the primary was killed. */
  readonly doneBefore: number;
  /** From the death of the primary to the end of the promotion. */
  readonly outageMs: number;
  /** From the end of the promotion to the first call that was done, and to the last that failed. */
  readonly firstDoneMs: number;
  readonly lastFailureMs: number;
}

const callers = 16;
const callMs = 10_000;
/** Somebody has to notice. */
const noticeMs = 500;
const backMsMax = 5_000;

export async function runStandby({ seconds, seed }: StandbyRun): Promise<StandbyResult> {
  const chance = createChance(seed);
  const receiver = await startReceiver({ signingKey });
  const primary = await PostgresCluster.create({ synchronous_standby_names: "standby" });
  const standby = await primary.createStandby("standby");
  await Promise.all([primary.start(), standby.start()]);
  await replicates(primary);
  const store = `${urlOf(primary, standby)}?target_session_attrs=read-write`;
  const replicas = new Replicas({ store, webhook: receiver.url });
  try {
    await replicas.start(2);
    const load = new Load({ callers, callMs, chance, receiver });
    const loading = load.run(() => replicas.urls);
    await wait(seconds * 1_000);
    const doneBefore = load.tally.done;
    const fromMs = Date.now();
    await primary.kill();
    await wait(noticeMs);
    await standby.promote();
    const untilMs = Date.now();
    await wait(seconds * 1_000);
    load.stop();
    await loading;
    await replicas.stop();

    const { calls, tally } = load;
    const reader = await openPostgresStore({ url: store, log: silentLog });
    const evidence = await gatherEvidence(reader, { calls, taken: receiver.taken, messagesMayWait: true });
    await reader.close();
    const outage = { fromMs, untilMs };
    const availability = checkAvailability(calls, replicas.lives, [outage], backMsMax);
    const firstDone = calls.find(({ answer, endMs }) => answer.kind === "done" && endMs > untilMs);
    return {
      complaints: [
        ...findDefects(evidence),
        ...availability.complaints,
        ...receiver.complaints,
        ...replicas.complaints,
      ],
      callsDone: tally.done,
      doneBefore,
      outageMs: untilMs - fromMs,
      firstDoneMs: (firstDone?.endMs ?? Infinity) - untilMs,
      lastFailureMs: availability.recoveriesMs[0] ?? NaN,
    };
  } finally {
    await replicas.stop();
    await primary.remove();
    await standby.remove();
    await receiver.close();
  }
}

/** Resolves once the standby has everything, and every commit waits for it. */
async function replicates(primary: PostgresCluster): Promise<void> {
  const client = new pg.Client({ connectionString: primary.url });
  await client.connect();
  for (;;) {
    const { rows } = await client.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'");
    if (rows.length > 0) break;
    await wait(20);
  }
  await client.end();
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "3" },
      seconds: { type: "string", default: "4" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const seed = Number(values.seed);
  for (let run = 0; run < Number(values.runs); run += 1) {
    const result = await runStandby({ seconds: Number(values.seconds), seed: seed + run });
    const { complaints, callsDone, doneBefore, outageMs, firstDoneMs, lastFailureMs } = result;
    console.log(
      `seed ${seed + run}: ${doneBefore} calls done, primary killed, standby promoted after ${outageMs} ms; from then ` +
        `the first call was done after ${firstDoneMs} ms, the last failed after ${lastFailureMs} ms; ` +
        `${callsDone - doneBefore} calls more; ${complaints.length} complaints`,
    );
    for (const complaint of complaints.slice(0, 20)) console.log(`  ${complaint}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}
