import type { DatabaseSync } from "node:sqlite";
import type { CommitOutcome } from "../../app/store-port.ts";
import type { StoreBounds } from "../bounds.ts";
import { keyRefusal, writesOf } from "../commit.ts";
import { type AggregateWrites, prepareAggregateWrites, type StateRow } from "./aggregate-writes.ts";
import { type AnswerWrites, prepareAnswerWrites } from "./answer-writes.ts";
import { type InboxOperations, prepareInboxWrites } from "./inbox-writes.ts";
import { type OutboxOperations, type OutboxWrites, prepareOutboxWrites } from "./outbox-writes.ts";
import { receivedCommit, type SentCommit, type WrittenAggregate, type WrittenCommit } from "./sent-commit.ts";

/** All that is ever written. Each runs inside a transaction that its caller opened. */
export interface Writes extends OutboxOperations, InboxOperations {
  commit(sent: SentCommit): CommitOutcome;
}

/**
 * Prepares the statements on the connection that writes. What it counts in memory is right as long as each
 * transaction is committed: after a rollback, open a new connection.
 */
export function prepareWrites(database: DatabaseSync, bounds: StoreBounds): Writes {
  const outbox = prepareOutboxWrites(database, bounds.outboxPendingMax);
  const aggregates = prepareAggregateWrites(database);
  return {
    commit: prepareCommit(aggregates, outbox, prepareAnswerWrites(database, bounds.keptAnswersMax)),
    ...outbox.operations,
    ...prepareInboxWrites(database, bounds.inboxMessagesMax),
  };
}

/** Always the same one: it crosses over to the calling thread once for a batch. */
const committed: CommitOutcome = { kind: "committed" };

function prepareCommit(
  aggregates: AggregateWrites,
  outbox: OutboxWrites,
  answers: AnswerWrites,
): Writes["commit"] {
  function refusal(
    commit: WrittenCommit,
    writes: readonly WrittenAggregate[],
    rows: readonly (StateRow | undefined)[],
  ): CommitOutcome | undefined {
    const { answer, atMs, message, messagePauseMs } = commit;
    const answered = answer && answers.refusal(answer, atMs);
    if (answered !== undefined) return answered;
    for (const [index, { expectedSequence }] of writes.entries()) {
      if ((rows[index]?.sequence ?? 0) !== expectedSequence) return { kind: "sequence_taken" };
    }
    const taken = keyRefusal(writes, (key) => aggregates.holderOf(key));
    return taken ?? (message && outbox.refusal(message, messagePauseMs));
  }

  // Everything that can refuse is asked before the first write, so that a refused commit leaves no trace in
  // the transaction that it shares with others. (What it finds past its time, it may drop.)
  return (sent) => {
    const commit = receivedCommit(sent);
    const { atMs, message, settle, answer } = commit;
    const writes = writesOf(commit);
    const rows = writes.map(({ aggregate }) => aggregates.find(aggregate));
    const refused = refusal(commit, writes, rows);
    if (refused !== undefined) return refused;
    for (const [index, write] of writes.entries()) aggregates.write(write, rows[index], atMs);
    if (message !== undefined) outbox.add(message);
    if (settle !== undefined) outbox.operations.settle(settle);
    if (answer !== undefined) answers.add(answer);
    return committed;
  };
}
