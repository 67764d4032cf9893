/** What every store keeps at most. A test lowers it; nobody else needs to. */
export interface StoreBounds {
  readonly outboxPendingMax: number;
  readonly inboxMessagesMax: number;
  /** At 24 hours each, a million is about 11 a second. */
  readonly keptAnswersMax: number;
}

export const storeBounds: StoreBounds = {
  outboxPendingMax: 100_000,
  inboxMessagesMax: 10_000,
  keptAnswersMax: 1_000_000,
};

/** How long a settled message stays as the record of its delivery, counted from its creation. */
export const settledKeptMs = 30 * 24 * 60 * 60 * 1000;

/** Each claim looks at this many of the oldest messages and drops the records that are past their time. */
export const pruneStepMessages = 100;

/** Each commit that keeps an answer looks at this many of the oldest ones and drops those that are past their time. */
export const pruneStepAnswers = 10;

/** Why a store cannot be filled. */
export const notEmptyMessage =
  "the store is not empty: what was exported goes only into a store that no server has used yet";

/** Why something was not begun. */
export const callOverMessage = "the time of the call was up; nothing was changed";
