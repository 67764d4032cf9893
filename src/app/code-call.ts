import { hash } from "node:crypto";
import type { Channel } from "../domain/channel.ts";
import type { Decision, Facts, SourceOf } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { Policy } from "../domain/policy.ts";
import type { UserState } from "../domain/user-state.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { type AppContext, factsOf } from "./context.ts";
import { announce, messageOf } from "./new-code.ts";
import type { Caller } from "./auth-port.ts";
import { type KeptAnswer, StoreUnavailableError } from "./store-port.ts";
import type { LoadedUser } from "./user-kind.ts";

/** How a call that may make a code is carried out, whatever the code is for. */

/** What the headers of a call ask for. */
export interface CodeRequest {
  readonly idempotency?: {
    /** As the caller chose it. */
    readonly key: string;
    /** The method that is called; a key counts for one. */
    readonly method: string;
  };
  /** The only way that the message may go. */
  readonly channel?: Channel;
}

/** What a call needs to make a code. */
export interface CodeCall<R> {
  /** The only way that the message may go. */
  readonly channel: Channel | undefined;
  /** Asked for at the beginning: on PostgreSQL it travels together with what the call looks up first. */
  readonly sourceOf: MaybePromise<SourceOf>;
  /** What is written with the events, so that a repeated call gets this reply again; left out if it will not come. */
  readonly keep?: (reply: R) => { readonly answer: KeptAnswer };
}

/** How long a call may be repeated. */
export const answerKeptMs = 24 * 60 * 60 * 1000;

const answerLost = refusal("failed_precondition", "RINGBACK-i9Lst", "Errors.Idempotency.AnswerLost");
const otherRequest = refusal("failed_precondition", "RINGBACK-i7Oth", "Errors.Idempotency.OtherRequest");

/**
 * Runs a call that may make a code. With the key of an earlier call it gives the answer of that one, and nothing
 * happens (draft-ietf-httpapi-idempotency-key-header-07 §2). Refused calls are not kept.
 *
 * @param asked everything that the call asks for, as JSON: with the same key it must be the same
 * @throws DomainError also if the key belongs to a call that asked for something else
 */
export function runCodeCall<R extends object>(
  app: AppContext,
  caller: Caller,
  { idempotency, channel }: CodeRequest,
  asked: object,
  run: (call: CodeCall<R>) => Promise<R>,
): Promise<R> {
  const sourceOf = app.codeProviders.sources(channel);
  // A call may be refused before it awaits this: the rejection would be unhandled then.
  if (sourceOf instanceof Promise) sourceOf.catch(() => {});
  const call = { channel, sourceOf };
  if (idempotency === undefined) return run(call);
  // With the time since when the caller has the id: an answer to a former holder of it is nobody else's.
  const parts = [caller.userId, caller.createdMs, idempotency.method, idempotency.key];
  const key = hash("sha256", JSON.stringify(parts), "base64url");
  return runOnce<R>(app, key, asked, (keep) => run({ ...call, keep }));
}

/** @param key of the answer that is kept */
async function runOnce<R extends object>(
  app: AppContext,
  key: string,
  asked: object,
  run: (keep: Required<CodeCall<R>>["keep"]) => Promise<R>,
): Promise<R> {
  const request = hash("sha256", JSON.stringify(asked), "base64url");
  const findFirst = async (): Promise<R | undefined> => {
    const sealed = await app.store.findAnswer(key, app.clock.nowMs());
    if (sealed === undefined) return undefined;
    if (!app.vault.opens(sealed)) throw new DomainError(answerLost);
    // Sealed below, for the same method.
    const first = JSON.parse(app.vault.open(key, sealed)) as { readonly request: string; readonly reply: R };
    if (first.request !== request) throw new DomainError(otherRequest);
    return first.reply;
  };
  /** Where it cannot be looked up, this call's own end is told: that nothing was written may not be true. */
  const findWinner = async (): Promise<R | undefined> => {
    try {
      return await findFirst();
    } catch (error) {
      if (error instanceof StoreUnavailableError) return undefined;
      throw error;
    }
  };
  const keep = (reply: R): { readonly answer: KeptAnswer } => ({
    answer: {
      key,
      sealed: app.vault.seal(key, JSON.stringify({ request, reply })),
      expiresMs: app.clock.nowMs() + answerKeptMs,
    },
  });

  const first = await findFirst();
  if (first !== undefined) return first;
  // The same call may have run meanwhile, and what it changed may be why this one was refused or changed nothing.
  try {
    const reply = await run(keep);
    return (await findWinner()) ?? reply;
  } catch (error) {
    const winner = await findWinner();
    if (winner === undefined) throw error;
    return winner;
  }
}

/** What was decided about a user, and the user after it. */
type Done<D> = LoadedUser & { readonly decision: D };

/**
 * Carries out a decision about a user in such a call, and gives its reply. A code that the caller does not get goes to
 * the outbox, in the same transaction as its events.
 */
export async function executeCodeCall<D extends Decision, R>(
  app: AppContext,
  policy: Policy,
  userId: string,
  call: CodeCall<R>,
  decide: (user: UserState | undefined, facts: Facts) => D,
  replyOf: (done: Done<D>) => R,
): Promise<R> {
  const { channel, keep } = call;
  const done = await chain(call.sourceOf, (sourceOf) =>
    app.users.execute(
      userId,
      (state, nowMs) => decide(state, factsOf(app, policy, nowMs, { sourceOf })),
      (decision, nowMs, after) => ({
        ...messageOf(app, policy, { userId, channel }, decision.code, nowMs),
        ...(decision.refusal === undefined && keep?.(replyOf({ ...after, decision }))),
      }),
    ),
  );
  announce(app, done.decision.code);
  return replyOf(done);
}
