import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { Attempt } from "../../src/app/outbox-port.ts";
import { auditFile, waitingMessages } from "./crash-audit.ts";
import { createChance } from "./crash-chance.ts";
import { Load } from "./crash-load.ts";
import { type CrashOrder, type CrashPoint, orderVariable, type ProviderKind } from "./crash-points.ts";
import { startReceiver } from "./crash-receiver.ts";
import { ServerProcess, signingKey } from "./crash-server.ts";
import { createStoreFolder } from "./store-folder.ts";

export interface CellOptions {
  readonly point: CrashPoint;
  readonly provider: ProviderKind;
  /** How often a server is killed there. */
  readonly runs: number;
  readonly seed: number;
}

/** What came of the runs at one point. */
export interface CellResult {
  /** Runs in which the server was killed at the point; the others were killed at start-up. */
  readonly kills: number;
  readonly messages: number;
  /** Distinct messages that the receiver took. */
  readonly taken: number;
  readonly sent: number;
  /** Not worth sending any more when the next server looked. */
  readonly skipped: number;
  /** Given up because they may have been sent. */
  readonly givenUp: number;
  /** Messages that came more than once, each time under the same key. */
  readonly duplicates: number;
  /** Everything that must not be. */
  readonly complaints: readonly string[];
}

const program = new URL("./crash-program.ts", import.meta.url);
const callers = 4;
/** Far more than a call takes: no call ends by it. */
const callMs = 20_000;
/** A server starts in about 0.7 s. */
const startMs = 700;
const drainMs = 30_000;

/** Kills servers on one file at one point, under load, and holds what the receiver got against the records. */
export async function runCell({ point, provider, runs, seed }: CellOptions): Promise<CellResult> {
  const chance = createChance(seed);
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  let server: ServerProcess | undefined;
  /** Deliveries until the receiver kills the server. */
  let deliveriesLeft = Infinity;
  const receiver = await startReceiver({
    signingKey,
    async answer() {
      deliveriesLeft -= 1;
      if (deliveriesLeft === 0) await server?.signal("SIGKILL");
      await wait(chance.integer(0, 5));
      return 204;
    },
  });
  const start = (order: Omit<CrashOrder, "provider">): ServerProcess =>
    new ServerProcess({
      file,
      webhook: receiver.url,
      program,
      variables: { [orderVariable]: JSON.stringify({ ...order, provider }) },
    });
  const load = new Load({ callers, callMs, chance, receiver });
  const loadUntilGone = async (running: ServerProcess): Promise<void> => {
    const url = await running.url();
    void running.exited.then(() => load.stop());
    await load.run(() => [url]);
  };
  const complaints: string[] = [];
  let kills = 0;
  try {
    for (let run = 1; run <= runs; run += 1) {
      if (point === "at start-up") {
        // A server before it leaves work behind: it dies with a message in its hands.
        server = start({ passing: 1 });
        deliveriesLeft = chance.integer(1, 40);
        await loadUntilGone(server);
        deliveriesLeft = Infinity;
        server = start({ passing: 1 });
        await wait(chance.integer(0, startMs));
        await server.signal("SIGKILL");
      } else {
        deliveriesLeft = point === "during the request" ? chance.integer(1, 40) : Infinity;
        server = start({ point, passing: chance.integer(1, 20) });
        // It may find work, and die of it, before it answers.
        await loadUntilGone(server).catch(() => {});
      }
      const { signal } = await server.exited;
      if (signal === "SIGKILL") kills += 1;
      else complaints.push(`run ${run}: the server ended by itself:\n${server.log}`);
    }
    deliveriesLeft = Infinity;
    server = start({ passing: 1 });
    await server.url();
    const deadline = AbortSignal.timeout(drainMs);
    while (waitingMessages(file) > 0) await wait(20, undefined, { signal: deadline });
    await server.signal("SIGTERM");
    complaints.push(
      ...receiver.complaints,
      ...(await auditFile(file, {
        calls: load.calls,
        taken: receiver.taken,
        messagesMayWait: false,
        mayBeGivenUp: provider === "not idempotent",
      })),
    );
    const rows = readRows(file);
    complaints.push(...rows.flatMap((row) => checkRow(row, provider, receiver)));
    const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length;
    return {
      kills,
      messages: rows.length,
      taken: receiver.taken.size,
      sent: count("sent"),
      skipped: count("skipped"),
      givenUp: count("dead"),
      duplicates: [...receiver.arrivals.values()].filter((arrivals) => arrivals > 1).length,
      complaints,
    };
  } finally {
    await server?.signal("SIGKILL");
    await receiver.close();
    await folder.remove();
  }
}

interface MessageRow {
  readonly id: string;
  readonly outcome: string;
  readonly attempts: readonly Attempt[];
}

function readRows(file: string): readonly MessageRow[] {
  using database = new DatabaseSync(file, { readOnly: true });
  return database
    .prepare("SELECT message_id, outcome, attempts FROM outbox")
    .all()
    .map((row) => ({
      id: String(row["message_id"]),
      outcome: String(row["outcome"]),
      attempts: JSON.parse(String(row["attempts"])),
    }));
}

/** A message comes twice only where a server died between the beginning of an attempt and its record. */
function checkRow(
  { id, outcome, attempts }: MessageRow,
  provider: ProviderKind,
  { taken, arrivals }: Pick<Awaited<ReturnType<typeof startReceiver>>, "taken" | "arrivals">,
): readonly string[] {
  const came = arrivals.get(id) ?? 0;
  const uncertain = attempts.filter((attempt) => attempt.outcome === "unknown").length;
  const complaints: string[] = [];
  if (outcome === "sent" && !taken.has(id)) complaints.push(`${id}: recorded as sent, and never taken`);
  if (came > 1 && provider === "not idempotent") complaints.push(`${id}: came ${came} times`);
  if (came > uncertain + 1) complaints.push(`${id}: came ${came} times with ${uncertain} uncertain attempts`);
  if (came > attempts.length && outcome === "sent") {
    complaints.push(`${id}: came ${came} times with ${attempts.length} attempts`);
  }
  return complaints;
}
