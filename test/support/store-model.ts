import type { Commit, CommitOutcome } from "../../src/app/store-port.ts";

/** What a store must know to judge a commit, as plainly as it can be said. */
export interface StoreModel {
  readonly sequences: Readonly<Record<string, number>>;
  readonly keyHolders: Readonly<Record<string, string>>;
  readonly newestMs: Readonly<Record<string, number>>;
}

export const emptyStoreModel: StoreModel = { sequences: {}, keyHolders: {}, newestMs: {} };

export function judge(model: StoreModel, commit: Commit): CommitOutcome {
  const { aggregate, expectedSequence, takeKeys = [], message, messagePauseMs = 0 } = commit;
  if ((model.sequences[aggregate.id] ?? 0) !== expectedSequence) return { kind: "sequence_taken" };
  const taken = takeKeys.find(({ key }) => (model.keyHolders[key] ?? aggregate.id) !== aggregate.id);
  if (taken !== undefined) return { kind: "key_taken", key: taken };
  const newestMs = message && model.newestMs[message.recipient];
  if (message !== undefined && newestMs !== undefined && message.createdMs - newestMs < messagePauseMs) {
    return { kind: "paused", untilMs: newestMs + messagePauseMs };
  }
  return { kind: "committed" };
}

/** The model after a commit that was judged to be committed. */
export function applyCommit(model: StoreModel, commit: Commit): StoreModel {
  const { aggregate, expectedSequence, events, takeKeys = [], freeKeys = [], message } = commit;
  const kept = Object.entries(model.keyHolders).filter(
    ([key, holder]) => holder !== aggregate.id || freeKeys.every((freed) => freed.key !== key),
  );
  const taken = takeKeys.map(({ key }) => [key, aggregate.id] as const);
  return {
    sequences: { ...model.sequences, [aggregate.id]: expectedSequence + events.length },
    keyHolders: Object.fromEntries([...kept, ...taken]),
    newestMs: message
      ? {
          ...model.newestMs,
          [message.recipient]: Math.max(model.newestMs[message.recipient] ?? 0, message.createdMs),
        }
      : model.newestMs,
  };
}
