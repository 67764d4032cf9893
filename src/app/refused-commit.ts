import { accessTokenErrors } from "../domain/access-token.ts";
import { accountErrors } from "../domain/account.ts";
import { DomainError, type Refusal, refusal } from "../domain/errors.ts";
import type { CommitOutcome, UniqueKey } from "./store-port.ts";

const paused = refusal("resource_exhausted", "PHONE-w41ts", "Errors.User.Phone.Paused");
const outboxFull = refusal("resource_exhausted", "RINGBACK-q0fu1", "Errors.Outbox.Full");
const answersFull = refusal("resource_exhausted", "RINGBACK-a4Ful", "Errors.Idempotency.TooMany");
// Whoever gave the key looks the answer up: this is only seen if it is forgotten at the same moment.
const answered = refusal("unavailable", "RINGBACK-a4Dne", "Errors.Caller.Busy");

const keyTaken: Readonly<Record<UniqueKey["kind"], Refusal>> = {
  user_name: accountErrors.userNameTaken,
  access_token: accessTokenErrors.taken,
};

/** What a caller is told when the store refuses a commit for a reason of its own. */
export function toRefusal(
  outcome: Exclude<CommitOutcome, { kind: "committed" | "sequence_taken" }>,
  nowMs: number,
): DomainError {
  switch (outcome.kind) {
    case "key_taken":
      return new DomainError(keyTaken[outcome.key.kind]);
    case "paused": {
      const seconds = Math.max(1, Math.ceil((outcome.untilMs - nowMs) / 1000));
      return new DomainError(paused, { seconds: String(seconds) });
    }
    case "outbox_full":
      return new DomainError(outboxFull);
    case "answered":
      return new DomainError(answered);
    case "answers_full":
      return new DomainError(answersFull);
  }
}
