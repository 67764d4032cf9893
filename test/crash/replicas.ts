/**
 * Do replicas on one PostgreSQL keep their word while replicas and PostgreSQL are killed?
 *
 * Starts PostgreSQL, a webhook and three replicas, and lets callers set, resend, verify, remove and read phone
 * numbers and open and check sessions over gRPC, at whichever replica answers. A replica is killed (SIGKILL) every
 * three seconds and started again; PostgreSQL is killed (pg_ctl stop -m immediate) twice and started again. Then
 * everything that callers were told is held against everything that the database holds and the webhook took. At last
 * the checker is held to account: each defect that it is there for is put into what was recorded, and must be found.
 *
 *     node test/crash/replicas.ts [--seconds 60] [--replicas 3] [--callers 24] [--seed 1] [--record <file>]
 */
import { writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { gatherEvidence } from "../support/crash-audit.ts";
import { checkAvailability, type Outage } from "../support/crash-availability.ts";
import { createChance } from "../support/crash-chance.ts";
import { type Evidence, findDefects } from "../support/crash-checker.ts";
import { defects } from "../support/crash-defects.ts";
import { Load, type Tally } from "../support/crash-load.ts";
import { ReadinessWatch } from "../support/crash-readiness.ts";
import { startReceiver } from "../support/crash-receiver.ts";
import { Replicas } from "../support/crash-replicas.ts";
import { signingKey } from "../support/crash-server.ts";
import { PostgresCluster } from "../support/postgres-cluster.ts";

export interface ReplicasRun {
  readonly seconds: number;
  readonly replicas: number;
  readonly callers: number;
  /** How often PostgreSQL is killed. */
  readonly outages: number;
  readonly seed: number;
  /** Whether to wait for the messages that killed replicas had in their hands: their leases take a while. */
  readonly awaitMessages: boolean;
}

export interface ReplicasResult {
  /** What does not fit; nothing if all is well. */
  readonly complaints: readonly string[];
  readonly evidence: Evidence;
  readonly tally: Tally;
  readonly kills: number;
  readonly outages: readonly {
    readonly ms: number;
    /** From the end of the outage. */
    readonly lastFailureMs: number;
    readonly allReadyMs: number;
  }[];
  /** Of calls that the outages met. */
  readonly unavailable: number;
  readonly longestUnavailableMs: number;
  /** Requests of the webhook that came again, with the same key. */
  readonly repeats: number;
  /** What replicas logged as errors. */
  readonly errors: readonly string[];
}

/** More than a call may take while the database is gone. */
const callMs = 10_000;
const killEveryMs = 3_000;
/** The first time; later on longer, so that calls have to be refused. */
const downMs = 2_000;
/** More than the lease of a message. */
const messagesMs = 60_000;
/** How long after an outage a call may fail because of it, and /readyz may say no. */
const recoveryMsMax = 2_000;
/** What the database takes to die, and what /readyz takes to say so. */
const dyingMs = 500;
const lookMsMax = 1_200;

export async function runReplicas(run: ReplicasRun): Promise<ReplicasResult> {
  const chance = createChance(run.seed);
  const receiver = await startReceiver({
    signingKey,
    async answer() {
      await wait(chance.integer(0, 20)); // so that kills fall between sending and recording, too
      return chance.integer(1, 20) === 1 ? 503 : 204;
    },
  });
  const cluster = await PostgresCluster.create();
  await cluster.start();
  const replicas = new Replicas({ store: cluster.url, webhook: receiver.url });
  try {
    await replicas.start(run.replicas);
    const load = new Load({ callers: run.callers, callMs, chance, receiver });
    const watch = new ReadinessWatch(() => replicas.urls);
    const loading = load.run(() => replicas.urls);
    const endMs = Date.now() + run.seconds * 1_000;
    const [kills, outages] = await Promise.all([
      killReplicas(replicas, chance, endMs),
      breakDatabase(cluster, run.outages, run.seconds * 1_000),
    ]);
    load.stop();
    await loading;
    await watch.stop();

    const store = await openPostgresStore({ url: cluster.url, log: silentLog });
    const giveUpMs = Date.now() + (run.awaitMessages ? messagesMs : 0);
    while (Date.now() < giveUpMs && (await store.outbox.list({ state: "queued", limit: 1 })).length > 0) {
      await wait(100);
    }
    await replicas.stop();
    const { calls, tally } = load;
    const evidence = await gatherEvidence(store, {
      calls,
      taken: receiver.taken,
      messagesMayWait: !run.awaitMessages,
    });
    await store.close();

    const availability = checkAvailability(calls, replicas.lives, outages, recoveryMsMax);
    const readiness = outages.map((outage) => checkReadiness(watch, replicas, outage));
    return {
      complaints: [
        ...findDefects(evidence),
        ...availability.complaints,
        ...readiness.flatMap(({ complaints }) => complaints),
        ...receiver.complaints,
        ...replicas.complaints,
      ],
      evidence,
      tally,
      kills,
      outages: outages.map(({ fromMs, untilMs }, index) => ({
        ms: untilMs - fromMs,
        lastFailureMs: availability.recoveriesMs[index] ?? NaN,
        allReadyMs: readiness[index]?.allReadyMs ?? NaN,
      })),
      unavailable: availability.unavailable,
      longestUnavailableMs: availability.longestMs,
      repeats: [...receiver.arrivals.values()].reduce((sum, arrivals) => sum + arrivals - 1, 0),
      errors: replicas.errors,
    };
  } finally {
    await replicas.stop();
    await cluster.remove();
    await receiver.close();
  }
}

async function killReplicas(
  replicas: Replicas,
  chance: ReturnType<typeof createChance>,
  endMs: number,
): Promise<number> {
  let kills = 0;
  while (Date.now() + killEveryMs < endMs) {
    await wait(killEveryMs);
    if (replicas.urls.length === 0) continue;
    replicas.kill(chance);
    kills += 1;
  }
  await wait(Math.max(0, endMs - Date.now()));
  return kills;
}

/** Kills the database at even distances, and starts it again. */
async function breakDatabase(
  cluster: PostgresCluster,
  count: number,
  totalMs: number,
): Promise<readonly Outage[]> {
  const outages: Outage[] = [];
  const betweenMs = totalMs / (count + 1);
  const beginMs = Date.now();
  for (let outage = 1; outage <= count; outage += 1) {
    await wait(Math.max(0, beginMs + outage * betweenMs - Date.now()));
    const fromMs = Date.now();
    await cluster.kill();
    await wait(downMs * outage);
    await cluster.start();
    await answers(cluster.url);
    outages.push({ fromMs, untilMs: Date.now() });
  }
  return outages;
}

/** Resolves once the database takes a write. */
async function answers(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query("SELECT pg_current_wal_lsn()");
  await client.end();
}

/** Whether /readyz said no during an outage, and soon yes again. */
function checkReadiness(
  { readings }: ReadinessWatch,
  { lives }: Replicas,
  { fromMs, untilMs }: Outage,
): { readonly complaints: readonly string[]; readonly allReadyMs: number } {
  const complaints: string[] = [];
  let allReadyMs = 0;
  for (const life of lives) {
    const isThroughout =
      life.fromMs < fromMs && (life.untilMs === undefined || life.untilMs > untilMs + recoveryMsMax);
    if (!isThroughout) continue;
    const own = readings.filter(({ replica }) => replica === life.replica);
    const during = own.filter(({ askedMs }) => askedMs > fromMs + dyingMs && askedMs < untilMs - lookMsMax);
    if (during.length === 0 || during.some(({ isReady }) => isReady)) {
      complaints.push(`${life.replica}: /readyz did not say no while the database was gone`);
    }
    const ready = own.find(({ askedMs, isReady }) => isReady && askedMs >= untilMs);
    const readyMs = ready === undefined ? Infinity : ready.askedMs - untilMs;
    if (readyMs > recoveryMsMax) complaints.push(`${life.replica}: ready only after ${readyMs} ms`);
    allReadyMs = Math.max(allReadyMs, readyMs);
  }
  return { complaints, allReadyMs };
}

/** @returns names of the defects that the checker does not find where they are put into the evidence */
export function findBlindSpots(evidence: Evidence): {
  readonly injected: number;
  readonly missed: readonly string[];
} {
  const missed: string[] = [];
  let injected = 0;
  for (const { name, complaint, inject } of defects) {
    const spoiled = inject(evidence);
    if (spoiled === undefined) continue;
    injected += 1;
    if (!findDefects(spoiled).some((each) => complaint.test(each))) missed.push(name);
  }
  return { injected, missed };
}

const shownMax = 40;

/** Calls and events in the order of time, a JSON object in each line. */
function recordOf({ calls, events }: Evidence): string {
  const lines = [
    ...calls.map((call) => ({ atMs: call.endMs, call })),
    ...events.map((event) => ({ atMs: event.atMs, event })),
  ];
  return lines
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      replicas: { type: "string", default: "3" },
      callers: { type: "string", default: "24" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      record: { type: "string" },
    },
  });
  const [seconds, replicas, callers, seed] = [
    Number(values.seconds),
    Number(values.replicas),
    Number(values.callers),
    Number(values.seed),
  ];
  console.log(`${replicas} replicas, ${callers} callers, ${seconds} s, seed ${seed}`);
  const result = await runReplicas({ seconds, replicas, callers, outages: 2, seed, awaitMessages: true });
  const { complaints, evidence, tally, kills, outages, unavailable, longestUnavailableMs, repeats, errors } =
    result;
  const users = new Set(evidence.calls.map(({ userId }) => userId)).size;
  console.log(`calls        ${evidence.calls.length}, by ${callers} callers for ${users} users:`, tally);
  console.log(`killed       replicas ${kills} times, PostgreSQL ${outages.length} times`);
  for (const { ms, lastFailureMs, allReadyMs } of outages) {
    console.log(
      `outage       ${ms} ms; after its end the last call failed at ${lastFailureMs} ms, ` +
        `the last replica was ready at ${allReadyMs} ms`,
    );
  }
  console.log(`unavailable  ${unavailable} calls at running replicas, within ${longestUnavailableMs} ms`);
  console.log(`history      ${evidence.events.length} events of ${evidence.rows.size} aggregates`);
  console.log(
    `SMS          ${evidence.taken.size} delivered, ${repeats} requests repeated with the same key`,
  );
  const { injected, missed } = findBlindSpots(evidence);
  console.log(
    `checker      finds ${injected - missed.length} of ${injected} defects that are put in`,
    ...missed,
  );
  console.log(complaints.length === 0 ? "all is well" : `${complaints.length} complaints`);
  for (const complaint of complaints.slice(0, shownMax)) console.log(`  ${complaint}`);
  if (values.record !== undefined) await writeFile(values.record, recordOf(evidence));
  const byMessage = Map.groupBy(errors, (line) => /"message":"([^"]*)"/.exec(line)?.[1]);
  for (const [message, lines] of byMessage)
    console.log(`logged ${lines.length} times: ${message}: ${lines[0]}`);
  process.exitCode = complaints.length + missed.length === 0 ? 0 : 1;
}
