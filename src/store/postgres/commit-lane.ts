import {
  StoreUnavailableError,
  type Commit,
  type CommitOutcome,
  type UniqueKey,
} from "../../app/store-port.ts";
import { Deadline } from "../../lib/deadline.ts";
import type { FailureReport } from "../../lib/failure-report.ts";
import { pruneStepAnswers, type StoreBounds } from "../bounds.ts";
import { binaryArray } from "./binary-array.ts";
import { integer, text } from "../sql/columns.ts";
import { commitValues, keysTaken, namesOf } from "./commit-values.ts";
import type { Database } from "./database.ts";
import {
  asUnavailable,
  isConnectionLost,
  isDefect,
  isTransient,
  sqlState,
  writerReplaced,
} from "./failures.ts";
import { statements } from "./statements.ts";

/** How long it may take to learn what became of a batch, after the time for the batch itself. */
const lookUpMsMax = 2_000;

/** One of the commits that the database refused; see ringback.commit_batch. */
interface Refusal {
  /** Its number in the batch, from 1. */
  readonly commit: number;
  readonly kind: Exclude<CommitOutcome["kind"], "committed">;
  /** When the pause ends; or which of all keys that the batch wanted to take was taken, from 1. */
  readonly detail?: number;
}

/** What the database knows of a lane. */
interface Writer {
  readonly epoch: number;
  lastBatch: number;
  /** In that batch, as JSON. */
  readonly refusals: string;
}

/**
 * Writes one batch of commits after the other. The number of a batch is written with it, in the row that the lane
 * has in `ringback.writers`. So if the connection is lost while a batch is on its way, the lane takes over from
 * itself: that waits for a batch that is being written, shuts out one that is not yet, and tells which it was.
 */
export class CommitLane {
  readonly id: string;
  readonly #database: Database;
  readonly #bounds: StoreBounds;
  readonly #refusals: FailureReport;
  #writer: Writer | undefined;

  /**
   * @param id that no other lane has or had
   * @param refusals of a server that can be reached and writes nothing, e.g. as its disk is full
   */
  constructor(id: string, database: Database, bounds: StoreBounds, refusals: FailureReport) {
    this.id = id;
    this.#database = database;
    this.#bounds = bounds;
    this.#refusals = refusals;
  }

  /**
   * @param commits of which no two share a name; see `namesOf`
   * @returns for each commit what became of it, or why it can never be written
   * @throws StoreUnavailableError
   */
  async write(commits: readonly Commit[], deadline: Deadline): Promise<readonly (CommitOutcome | Error)[]> {
    const names = binaryArray("text", commits.flatMap(namesOf));
    const { outboxPendingMax, keptAnswersMax } = this.#bounds;
    const bounds = [outboxPendingMax, keptAnswersMax, pruneStepAnswers * commits.length];
    const values = [names, ...bounds, ...commitValues(commits)];
    for (;;) {
      const writer = (this.#writer ??= await this.#takeOver(deadline));
      const number = writer.lastBatch + 1;
      const connection = await this.#database.connect(deadline);
      try {
        const query = { ...statements.commit, values: [this.id, writer.epoch, number, ...values] };
        const { rows } = await connection.query(query, deadline);
        writer.lastBatch = number;
        this.#refusals.works();
        return outcomes(commits, text(rows[0]?.["refusals"]));
      } catch (error) {
        if (isConnectionLost(error)) {
          const known = await this.#lookUp(error);
          if (known.lastBatch === number) return outcomes(commits, known.refusals);
        } else if (sqlState(error) === writerReplaced) {
          this.#writer = undefined;
        } else if (isDefect(error)) {
          return commits.length === 1 ? [asUnavailable(error)] : await this.#writeEach(commits, deadline);
        } else if (!isTransient(error)) {
          this.#refusals.failed(error);
          throw asUnavailable(error);
        }
        if (deadline.isOver) throw asUnavailable(error);
      }
    }
  }

  /**
   * One of them cannot be written by any means: it must not keep the others from it. Once the database fails, the rest
   * is not tried; the outcomes that are known by then are still given.
   */
  async #writeEach(
    commits: readonly Commit[],
    deadline: Deadline,
  ): Promise<readonly (CommitOutcome | Error)[]> {
    const answers: (CommitOutcome | Error)[] = [];
    for (const [index, commit] of commits.entries()) {
      try {
        answers.push(...(await this.write([commit], deadline)));
      } catch (cause) {
        const untried = new StoreUnavailableError("the database cannot be reached; nothing was changed", {
          cause,
        });
        return [...answers, asUnavailable(cause), ...commits.slice(index + 1).map(() => untried)];
      }
    }
    return answers;
  }

  async #lookUp(cause: unknown): Promise<Writer> {
    this.#writer = undefined;
    try {
      return (this.#writer = await this.#takeOver(new Deadline(lookUpMsMax)));
    } catch {
      const message = "the database cannot be reached; whether this was written is not known";
      throw new StoreUnavailableError(message, { cause, outcome: "unknown" });
    }
  }

  async #takeOver(deadline: Deadline): Promise<Writer> {
    const { rows } = await this.#database.repeat(
      { ...statements.takeOverWriter, values: [this.id] },
      deadline,
    );
    const row = rows[0] ?? {};
    return {
      epoch: integer(row["epoch"]),
      lastBatch: integer(row["last_batch"]),
      refusals: text(row["refusals"]),
    };
  }
}

function outcomes(commits: readonly Commit[], refusals: string): readonly CommitOutcome[] {
  const answers: CommitOutcome[] = commits.map(() => ({ kind: "committed" }));
  if (refusals === "[]") return answers;
  const keys = commits.flatMap(keysTaken);
  const list: readonly Refusal[] = JSON.parse(refusals);
  for (const refusal of list) answers[refusal.commit - 1] = outcome(refusal, keys);
  return answers;
}

function outcome({ kind, detail = 0 }: Refusal, keys: readonly UniqueKey[]): CommitOutcome {
  if (kind === "paused") return { kind, untilMs: detail };
  if (kind !== "key_taken") return { kind };
  const key = keys[detail - 1];
  if (key === undefined) throw new Error("a key was refused that nobody wanted");
  return { kind, key };
}
