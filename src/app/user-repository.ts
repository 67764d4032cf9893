import type { Decision } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { accountErrors } from "../domain/account.ts";
import { evolveUser, type UserState } from "../domain/user.ts";
import type { Clock } from "../lib/clock.ts";
import { Lru } from "../lib/lru.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import type { Commit, CommitOutcome, OutboxMessage, Settlement, Store, UniqueKey } from "./ports.ts";
import { Turns } from "./turns.ts";

const cachedUsersMax = 20_000;
const waitingForOneUserMax = 5_000;
const attemptsMax = 5;

const paused = refusal("resource_exhausted", "PHONE-w41ts", "Errors.User.Phone.Paused");
const outboxFull = refusal("resource_exhausted", "RINGBACK-q0fu1", "Errors.Outbox.Full");

/** A user and the number of their last event. */
export interface LoadedUser {
  readonly sequence: number;
  readonly user: UserState;
}

/** What is written together with a decision. */
export interface Extras {
  readonly message?: OutboxMessage | undefined;
  readonly messagePauseMs?: number;
  readonly settle?: Settlement;
}

/**
 * Users as their events made them. Commands on one user take turns; a state is seen by nobody before it is
 * durable.
 */
export class UserRepository {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #cache = new Lru<string, LoadedUser>(cachedUsersMax);
  readonly #turns = new Turns(waitingForOneUserMax);

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The user as last written; undefined if there never was one. */
  find(userId: string): MaybePromise<LoadedUser | undefined> {
    const cached = this.#cache.get(userId);
    if (cached !== undefined) return cached;
    return chain(this.#store.load({ type: "user", id: userId }), (row) => this.#remember(userId, row));
  }

  /**
   * The user after every command that has begun. What a command wrote may be seen in the store, such as a
   * message in the outbox, a moment before `find` knows of it.
   */
  findAfterTurns(userId: string): Promise<LoadedUser | undefined> {
    return this.#turns.take(userId, async () => this.find(userId));
  }

  /** The id of the user that holds the key. */
  findByKey(key: UniqueKey): MaybePromise<string | undefined> {
    return this.#store.findByKey(key);
  }

  /**
   * Decides, writes, and gives the state after it.
   *
   * @param decide is called again when somebody else wrote first, so it must not have effects of its own
   * @param extras what is written together with the events
   * @returns once all of it is durable
   * @throws DomainError if the command is refused; its events, if it has any, are written nevertheless
   * @throws StoreUnavailableError if nothing could be written
   */
  execute<D extends Decision>(
    userId: string,
    decide: (user: UserState | undefined, nowMs: number) => D,
    extras: (decision: D, nowMs: number) => Extras = () => ({}),
  ): Promise<LoadedUser & { readonly decision: D }> {
    return this.#turns.take(userId, async () => {
      for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
        const found = this.find(userId);
        const loaded = found instanceof Promise ? await found : found;
        // Time never goes back within the history of a user, whatever the clock does.
        const nowMs = Math.max(this.#clock.nowMs(), loaded?.user.changedMs ?? 0);
        const decision = decide(loaded?.user, nowMs);
        const written = await this.#write(userId, loaded, decision, extras(decision, nowMs), nowMs);
        if (written === "sequence_taken") continue;
        if (decision.refusal !== undefined) throw decision.refusal;
        return { ...written, decision };
      }
      throw new Error(`user ${userId}: ${attemptsMax} attempts in a row lost their sequence`);
    });
  }

  async #write(
    userId: string,
    loaded: LoadedUser | undefined,
    decision: Decision,
    extras: Extras,
    nowMs: number,
  ): Promise<LoadedUser | "sequence_taken"> {
    if (decision.events.length === 0) {
      if (loaded !== undefined) return loaded;
      if (decision.refusal !== undefined) throw decision.refusal;
      throw new Error(`user ${userId}: nothing was decided about nobody`);
    }
    let user = loaded?.user;
    for (const event of decision.events) user = evolveUser(user, event, userId, nowMs);
    if (user === undefined) throw new Error(`user ${userId}: no state after its events`);
    const sequence = loaded?.sequence ?? 0;
    const outcome = await this.#commit({
      aggregate: { type: "user", id: userId },
      expectedSequence: sequence,
      atMs: nowMs,
      events: decision.events,
      state: user,
      ...keyChanges(loaded?.user, user),
      ...defined(extras),
    });
    switch (outcome.kind) {
      case "committed": {
        const after = { sequence: sequence + decision.events.length, user };
        this.#cache.set(userId, after);
        return after;
      }
      case "sequence_taken":
        this.#cache.delete(userId);
        return "sequence_taken";
      case "key_taken":
        throw new DomainError(accountErrors.userNameTaken);
      case "paused": {
        const seconds = Math.max(1, Math.ceil((outcome.untilMs - nowMs) / 1000));
        throw new DomainError(paused, { seconds: String(seconds) });
      }
      case "outbox_full":
        throw new DomainError(outboxFull);
    }
  }

  async #commit(commit: Commit): Promise<CommitOutcome> {
    try {
      return await this.#store.commit(commit);
    } catch (error) {
      // What the store holds now is the store's to say.
      this.#cache.delete(commit.aggregate.id);
      throw error;
    }
  }

  #remember(userId: string, row: { readonly sequence: number; readonly state: object } | undefined) {
    if (row === undefined) return undefined;
    const loaded: LoadedUser = { sequence: row.sequence, user: asUserState(row.state) };
    this.#cache.set(userId, loaded);
    return loaded;
  }
}

function keyChanges(before: UserState | undefined, after: UserState): Pick<Commit, "takeKeys" | "freeKeys"> {
  if (before?.userName === after.userName && before.accessTokens === after.accessTokens) return {};
  const held = before === undefined ? [] : keysOf(before);
  const wanted = keysOf(after);
  return { takeKeys: without(wanted, held), freeKeys: without(held, wanted) };
}

function without(keys: readonly UniqueKey[], others: readonly UniqueKey[]): readonly UniqueKey[] {
  return keys.filter(({ kind, key }) => !others.some((other) => other.kind === kind && other.key === key));
}

function keysOf(user: UserState): readonly UniqueKey[] {
  const tokens = Object.values(user.accessTokens).map(
    ({ hash }) => ({ kind: "access_token", key: hash }) as const,
  );
  if (user.userName === "") return tokens;
  return [{ kind: "user_name", key: `${user.resourceOwner}:${user.userName.toLowerCase()}` }, ...tokens];
}

function defined(extras: Extras): Partial<Pick<Commit, "message" | "messagePauseMs" | "settle">> {
  const { message, messagePauseMs, settle } = extras;
  return {
    ...(message === undefined ? {} : { message }),
    ...(message === undefined || messagePauseMs === undefined ? {} : { messagePauseMs }),
    ...(settle === undefined ? {} : { settle }),
  };
}

/** A user's row holds what `evolveUser` gave. */
function asUserState(state: object): UserState {
  return state as UserState; // the store gives back what was committed for a user, and only users are users
}
