import type { AggregateType, AggregateWrite, Commit } from "../../app/store-port.ts";

/** A write whose JSON is written out. */
export interface WrittenAggregate extends Omit<AggregateWrite, "events" | "state"> {
  readonly events: readonly WrittenEvent[];
  readonly state: string;
}

type WrittenEvent = readonly [type: string, data: string];

/** A commit whose JSON is written out. */
export interface WrittenCommit extends Omit<Commit, "events" | "state" | "also">, WrittenAggregate {
  readonly also: readonly WrittenAggregate[];
}

/**
 * A commit as it crosses over to the writing thread. The JSON is written out before: objects would cost that thread more
 * than they save this one. And it is tuples, as of objects the names of all fields cross over, too.
 */
export type SentCommit = readonly [
  atMs: number,
  first: SentAggregate,
  also: readonly SentAggregate[],
  message: Commit["message"],
  messagePauseMs: Commit["messagePauseMs"],
  settle: Commit["settle"],
  answer: Commit["answer"],
];

type SentAggregate = readonly [
  type: AggregateType,
  id: string,
  expectedSequence: number,
  events: readonly WrittenEvent[],
  state: string,
  record: AggregateWrite["record"],
  takeKeys: AggregateWrite["takeKeys"],
  freeKeys: AggregateWrite["freeKeys"],
];

/** What the calling thread makes of a commit. */
export function sentCommit(commit: Commit): SentCommit {
  const { atMs, also = [], message, messagePauseMs, settle, answer } = commit;
  return [atMs, sentAggregate(commit), also.map(sentAggregate), message, messagePauseMs, settle, answer];
}

/** What the writing thread makes of it. */
export function receivedCommit(sent: SentCommit): WrittenCommit {
  const [atMs, first, also, message, messagePauseMs, settle, answer] = sent;
  const writes = { ...receivedAggregate(first), also: also.map(receivedAggregate) };
  return { ...writes, atMs, message, messagePauseMs, settle, answer };
}

function sentAggregate(write: AggregateWrite): SentAggregate {
  const { aggregate, expectedSequence, record, takeKeys, freeKeys } = write;
  const events = write.events.map(({ type, data }) => [type, JSON.stringify(data)] as const);
  const state = JSON.stringify(write.state);
  return [aggregate.type, aggregate.id, expectedSequence, events, state, record, takeKeys, freeKeys];
}

function receivedAggregate(sent: SentAggregate): WrittenAggregate {
  const [type, id, expectedSequence, events, state, record, takeKeys, freeKeys] = sent;
  return { aggregate: { type, id }, expectedSequence, events, state, record, takeKeys, freeKeys };
}
