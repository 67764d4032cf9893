import type { OutboxMessage } from "../../app/outbox-port.ts";
import type { AggregateWrite, Commit, UniqueKey } from "../../app/store-port.ts";
import { aggregateName, hasRecord, keyName, writesOf } from "../commit.ts";
import { binaryArray, type Cell, type ElementType } from "./binary-array.ts";
import { columnChanges } from "../sql/column-changes.ts";
import { settlementColumns } from "./outbox-columns.ts";
import { storedJson } from "./stored-text.ts";

/** The keys that a commit wants to take, in the order in which they are asked for. */
export function keysTaken(commit: Commit): readonly UniqueKey[] {
  return writesOf(commit).flatMap(({ takeKeys = [] }) => takeKeys);
}

/**
 * Everything that two commits must not both have to do with if they are to be judged apart: aggregates, keys, the
 * recipient of a message, the message that is settled, and the kept answer.
 *
 * @throws Error if the commit writes to one aggregate twice
 */
export function namesOf(commit: Commit): readonly string[] {
  const names: string[] = [];
  for (const { aggregate, takeKeys = [], freeKeys = [] } of writesOf(commit)) {
    names.push(aggregateName(aggregate));
    for (const key of takeKeys) names.push(keyName(key));
    for (const key of freeKeys) names.push(keyName(key));
  }
  if (commit.message !== undefined) names.push(`recipient/${commit.message.recipient}`);
  if (commit.settle !== undefined) names.push(`message/${commit.settle.messageId}`);
  if (commit.answer !== undefined) names.push(`answer/${commit.answer.key}`);
  return names.map((name) => name.toWellFormed());
}

/** What ringback.commit_batch takes of the commits: a parameter for each column. */
export function commitValues(commits: readonly Commit[]): readonly Buffer[] {
  const rows = new CommitRows();
  for (const [index, commit] of commits.entries()) rows.add(index + 1, commit);
  return rows.arrays;
}

/** Rows of one prefix among the parameters of ringback.commit_batch. */
class Rows {
  readonly #types: readonly ElementType[];
  readonly #columns: readonly Cell[][];

  constructor(...types: ElementType[]) {
    this.#types = types;
    this.#columns = types.map(() => []);
  }

  add(...cells: readonly Cell[]): void {
    for (const [index, column] of this.#columns.entries()) column.push(cells[index] ?? null);
  }

  get arrays(): readonly Buffer[] {
    return this.#columns.map((column, index) => binaryArray(this.#types[index] ?? "text", column));
  }
}

/** The rows of all commits of a batch, in the order of the parameters. */
class CommitRows {
  readonly #writes = new Rows(
    ...(["bigint", "text", "text", "bigint", "bigint", "bigint", "text", "boolean", "text"] as const),
  );
  readonly #events = new Rows("bigint", "text", "text", "bigint", "bigint", "text", "text");
  readonly #taken = new Rows("bigint", "text", "text", "text", "boolean");
  readonly #freed = new Rows("bigint", "text", "text", "text");
  readonly #records = {
    user: new Rows("bigint", "text", "text"),
    session: new Rows("bigint", "text", "text"),
  };
  readonly #messages = new Rows(
    ...(["bigint", "text", "text", "text", "text", "text", "text"] as const),
    ...(["bigint", "bigint", "text", "bigint"] as const),
  );
  readonly #settlements = new Rows("bigint", "text");
  readonly #answers = new Rows("bigint", "text", "text", "bigint", "bigint");

  get arrays(): readonly Buffer[] {
    const { user, session } = this.#records;
    const rows = [this.#writes, this.#events, this.#taken, this.#freed];
    rows.push(user, session, this.#messages, this.#settlements, this.#answers);
    return rows.flatMap(({ arrays }) => arrays);
  }

  /** @param number of the commit in its batch, from 1 */
  add(number: number, commit: Commit): void {
    const { atMs, message, messagePauseMs = 0, settle, answer } = commit;
    /** By name, the id of the aggregate that takes the key. */
    const takers = new Map<string, string>();
    for (const write of writesOf(commit)) this.#addWrite(number, write, atMs, takers);
    if (message !== undefined) this.#addMessage(number, message, messagePauseMs);
    if (settle !== undefined) this.#settlements.add(number, settlementColumns(settle));
    if (answer !== undefined) this.#answers.add(number, answer.key, answer.sealed, answer.expiresMs, atMs);
  }

  #addWrite(number: number, write: AggregateWrite, atMs: number, takers: Map<string, string>): void {
    const { events, expectedSequence, state, record, takeKeys = [], freeKeys = [] } = write;
    const { type, id } = write.aggregate;
    let sequence = expectedSequence;
    for (const event of events) {
      sequence += 1;
      this.#events.add(number, type, id, sequence, atMs, event.type, JSON.stringify(event.data));
    }
    const { phone, ofRecord } = columnChanges(type, record);
    if (ofRecord !== undefined && hasRecord(type)) {
      this.#records[type].add(number, id, ofRecord && storedJson(ofRecord));
    }
    const place = [number, type, id, expectedSequence, sequence, atMs] as const;
    this.#writes.add(...place, JSON.stringify(state), phone !== undefined, phone ?? null);
    for (const key of takeKeys) {
      const name = keyName(key);
      const isContested = (takers.get(name) ?? id) !== id;
      takers.set(name, id);
      this.#taken.add(number, key.kind, key.key, id, isContested);
    }
    for (const { kind, key } of freeKeys) this.#freed.add(number, kind, key, id);
  }

  #addMessage(number: number, message: OutboxMessage, pauseMs: number): void {
    const { id, userId, sessionId = null, purpose, recipient, channel = null } = message;
    const { createdMs, expiresMs, sealed } = message;
    const whom = [id, userId, sessionId, purpose, recipient, channel] as const;
    this.#messages.add(number, ...whom, createdMs, expiresMs, sealed, pauseMs);
  }
}
