import { setTimeout as wait } from "node:timers/promises";
import type { DomainError } from "../domain/errors.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { Lru } from "../lib/lru.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { secureRandomBytes } from "../lib/random.ts";
import { toRefusal } from "./refused-commit.ts";
import type { SessionRecord, UserRecord } from "./search.ts";
import {
  type AggregateType,
  type AggregateWrite,
  type Commit,
  type CommitOutcome,
  type RecordedEvent,
  type Store,
  type StoredState,
  StoreUnavailableError,
  type UniqueKey,
} from "./store-port.ts";
import { Turns } from "./turns.ts";

const noExtras: Extras = {};
const waitingForOneMax = 5_000;
/** Characters, as JSON, of what clients keep in a state that is cached. One with more of it is read at every call. */
const cachedBulkMax = 8_192;
/** Replicas that write to one aggregate at the same time lose to each other; each round somebody wins. */
const attemptsMax = 20;
const retryMsBase = 2;
const retryMsCap = 50;

/** An aggregate as last written, and the number of its last event. */
export interface Loaded<S> {
  readonly sequence: number;
  readonly state: S;
}

/** What a kind of aggregate is made of. */
export interface AggregateKind<S, E> {
  readonly type: AggregateType;
  readonly cachedMax: number;
  /** What clients keep in a state as they like. */
  readonly bulkOf?: (state: S) => readonly unknown[];
  /** The state before the first event, for what is always there. */
  readonly initial?: (id: string) => S;
  readonly evolve: (state: S | undefined, event: E, id: string, atMs: number, sequence: number) => S;
  /** The names that it holds, and the fields of the state that say so. */
  readonly keys?: { readonly of: (state: S) => readonly UniqueKey[]; readonly from: readonly (keyof S)[] };
  /** What it is found by; null if by nothing. */
  readonly recordOf?: (state: S) => UserRecord | SessionRecord | null;
}

/** What is written together with a decision. */
export type Extras = Pick<Commit, "message" | "messagePauseMs" | "settle" | "answer">;

/** What is decided: events, and perhaps a refusal that is given once they are written. */
interface Decided<E> {
  readonly events: readonly E[];
  readonly refusal?: DomainError;
}

/**
 * Aggregates of one kind as their events made them. Commands on one of them take turns; a state is seen by
 * nobody before it is durable.
 */
export class Repository<S extends { readonly changedMs: number }, E extends RecordedEvent> {
  readonly #kind: AggregateKind<S, E>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #cache: Lru<string, Loaded<S>>;
  readonly #turns = new Turns(waitingForOneMax);

  constructor(kind: AggregateKind<S, E>, store: Store, clock: Clock) {
    this.#kind = kind;
    this.#store = store;
    this.#clock = clock;
    this.#cache = new Lru(kind.cachedMax);
  }

  /** As last written, by whomever; undefined if there never was one. */
  find(id: string): MaybePromise<Loaded<S> | undefined> {
    const cached = this.#cache.get(id);
    if (cached !== undefined && !this.#store.isShared) return cached;
    return chain(this.#store.load({ type: this.#kind.type, id }, cached), (row) =>
      cached !== undefined && cached.sequence === (row?.sequence ?? 0) ? cached : this.#remember(id, row),
    );
  }

  /**
   * The state after every command that has begun. What a command wrote may be seen in the store, such as a
   * message in the outbox, a moment before `find` knows of it.
   */
  findAfterTurns(id: string): Promise<Loaded<S> | undefined> {
    return this.#turns.take(id, async () => this.find(id));
  }

  /** Runs once every command on it that has begun is over, and before any that begins later. */
  takeTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    return this.#turns.take(id, task);
  }

  /**
   * Decides, writes, and gives the state after it.
   *
   * @param decide is called again when somebody else wrote first, so it must not have effects of its own
   * @param extras what is written together with the events; it gets the aggregate as it will be
   * @returns once all of it is durable
   * @throws DomainError if the command is refused; its events, if it has any, are written nevertheless
   * @throws StoreUnavailableError if nothing could be written
   */
  execute<D extends Decided<E>>(
    id: string,
    decide: (state: S | undefined, nowMs: number) => D,
    extras: (decision: D, nowMs: number, after: Loaded<S>) => Extras = () => noExtras,
  ): Promise<Loaded<S> & { readonly decision: D }> {
    return this.takeTurn(id, () =>
      retryTaken(async () => {
        let decided = this.#store.isShared ? this.#guess(id, decide) : undefined;
        if (decided === undefined) {
          const found = this.find(id);
          decided = this.#decide(found instanceof Promise ? await found : found, decide);
        }
        const { loaded, nowMs, decision } = decided;
        if (decision.events.length === 0) {
          if (decision.refusal !== undefined) throw decision.refusal;
          if (loaded === undefined)
            throw new Error(`${this.#kind.type} ${id}: nothing was decided about nobody`);
          return { sequence: loaded.sequence, state: loaded.state, decision };
        }
        const write = this.prepare(id, loaded, decision.events, nowMs);
        const others = extras(decision, nowMs, write.after);
        if (!(await commitTogether(this.#store, [write], nowMs, others))) return taken;
        if (decision.refusal !== undefined) throw decision.refusal;
        return { sequence: write.after.sequence, state: write.after.state, decision };
      }),
    );
  }

  #decide<D>(loaded: Loaded<S> | undefined, decide: (state: S | undefined, nowMs: number) => D) {
    const nowMs = timeAfter(this.#clock, loaded);
    return { loaded, nowMs, decision: decide(loaded?.state, nowMs) };
  }

  /**
   * Decides on the state that is at hand, which others may have changed meanwhile. If events come of it, their commit
   * proves that nobody has. Anything else must not rest on it: undefined.
   */
  #guess<D extends Decided<E>>(id: string, decide: (state: S | undefined, nowMs: number) => D) {
    const cached = this.#cache.get(id);
    if (cached === undefined) return undefined;
    try {
      const decided = this.#decide(cached, decide);
      return decided.decision.events.length === 0 ? undefined : decided;
    } catch {
      return undefined;
    }
  }

  /** What a decision on `loaded` writes, to be committed while its turn lasts. */
  prepare(id: string, loaded: Loaded<S> | undefined, events: readonly E[], atMs: number): PreparedWrite<S> {
    const { type, keys, recordOf } = this.#kind;
    let after = loaded;
    for (const event of events) after = advance(this.#kind, id, after, event, atMs);
    if (after === undefined) throw new Error(`${type} ${id}: no state after its events`);
    const before = loaded?.state;
    const { state } = after;
    const done = after;
    return {
      after,
      write: {
        aggregate: { type, id },
        expectedSequence: loaded?.sequence ?? 0,
        events,
        state,
        // States share what did not change.
        ...(keys?.from.some((field) => before?.[field] !== state[field]) &&
          keyChanges(before === undefined ? [] : keys.of(before), keys.of(state))),
        ...(recordOf && recordChange(before === undefined ? null : recordOf(before), recordOf(state))),
      },
      // What the store holds after a write that failed is the store's to say.
      conclude: (isWritten) => (isWritten ? this.#keep(id, done) : this.#cache.delete(id)),
    };
  }

  #remember(id: string, row: StoredState | undefined): Loaded<S> | undefined {
    if (row !== undefined) {
      const loaded = asLoaded<S>(row);
      this.#keep(id, loaded);
      return loaded;
    }
    // Where nothing was written yet the initial state counts, and stays the same until something is.
    const initial = this.#initial(id);
    if (initial !== undefined) this.#cache.set(id, initial);
    return initial;
  }

  #keep(id: string, loaded: Loaded<S>): void {
    if (this.#isWorthCaching(loaded)) this.#cache.set(id, loaded);
    else this.#cache.delete(id);
  }

  #isWorthCaching({ state }: Loaded<S>): boolean {
    if (this.#store.isInMemory === true) return false;
    return JSON.stringify(this.#kind.bulkOf?.(state) ?? []).length <= cachedBulkMax;
  }

  #initial(id: string): Loaded<S> | undefined {
    const state = this.#kind.initial?.(id);
    return state && { sequence: 0, state };
  }
}

/** One more event. */
export function advance<S, E>(
  kind: Pick<AggregateKind<S, E>, "evolve">,
  id: string,
  loaded: Loaded<S> | undefined,
  event: E,
  atMs: number,
): Loaded<S> {
  const sequence = (loaded?.sequence ?? 0) + 1;
  return { sequence, state: kind.evolve(loaded?.state, event, id, atMs, sequence) };
}

/** A write that waits for its commit. */
export interface PreparedWrite<S = unknown> {
  readonly write: AggregateWrite;
  /** The aggregate once it is written. */
  readonly after: Loaded<S>;
  /** Is told how it went. */
  readonly conclude: (isWritten: boolean) => void;
}

/** Time never goes back within the history of an aggregate, whatever the clock does. */
export function timeAfter(
  clock: Clock,
  ...loaded: readonly (Loaded<{ readonly changedMs: number }> | undefined)[]
): number {
  return Math.max(clock.nowMs(), ...loaded.map((each) => each?.state.changedMs ?? 0));
}

/** Returned by an attempt whose expected sequence was taken by somebody else. */
export const taken = Symbol("sequence taken");

/**
 * Repeats an attempt that somebody else was faster than, after a pause of random length, so that the same ones do
 * not meet again.
 *
 * @throws StoreUnavailableError if somebody else was faster every time
 */
export async function retryTaken<T>(attempt: () => Promise<T | typeof taken>): Promise<T> {
  for (let attempts = 1; attempts <= attemptsMax; attempts += 1) {
    const result = await attempt();
    if (result !== taken) return result;
    await wait(backoffMs(attempts, retryMsBase, retryMsCap, secureRandomBytes));
  }
  throw new StoreUnavailableError(`others wrote first ${attemptsMax} times in a row`);
}

/**
 * Writes all of it in one transaction.
 *
 * @param writes at least one
 * @returns false if somebody else wrote first: load again, decide again
 * @throws DomainError if the store refuses it; StoreUnavailableError
 */
export async function commitTogether(
  store: Store,
  writes: readonly PreparedWrite[],
  atMs: number,
  { message, messagePauseMs, settle, answer }: Extras,
): Promise<boolean> {
  const [first, ...others] = writes.map(({ write }) => write);
  if (first === undefined) throw new Error("there is nothing to commit");
  const conclude = (isWritten: boolean): void => {
    for (const write of writes) write.conclude(isWritten);
  };
  let outcome: CommitOutcome;
  try {
    outcome = await store.commit({ ...first, atMs, also: others, message, messagePauseMs, settle, answer });
  } catch (error) {
    conclude(false);
    throw error;
  }
  if (outcome.kind === "committed" || outcome.kind === "sequence_taken") {
    conclude(outcome.kind === "committed");
    return outcome.kind === "committed";
  }
  // A pause is over by the clock, which may have been set back since the last event.
  throw toRefusal(outcome, message?.createdMs ?? atMs);
}

function keyChanges(
  held: readonly UniqueKey[],
  wanted: readonly UniqueKey[],
): Pick<AggregateWrite, "takeKeys" | "freeKeys"> {
  const takeKeys = without(wanted, held);
  const freeKeys = without(held, wanted);
  return takeKeys.length === 0 && freeKeys.length === 0 ? {} : { takeKeys, freeKeys };
}

function without(keys: readonly UniqueKey[], others: readonly UniqueKey[]): readonly UniqueKey[] {
  return keys.filter(({ kind, key }) => !others.some((other) => other.kind === kind && other.key === key));
}

function recordChange(
  before: UserRecord | SessionRecord | null,
  after: UserRecord | SessionRecord | null,
): Pick<AggregateWrite, "record"> {
  if (before === after) return {};
  if (before === null || after === null) return { record: after };
  let record: Record<string, unknown> | undefined;
  for (const field of Object.keys(after)) {
    const value: unknown = Reflect.get(after, field);
    if (Reflect.get(before, field) !== value) (record ??= {})[field] = value;
  }
  return record === undefined ? {} : { record };
}

/** A row of this type holds what `evolve` gave. */
function asLoaded<S>(row: StoredState): Loaded<S> {
  return row as Loaded<S>; // the store gives back what was committed for the type, and only its repository commits
}
