import type { CodeBinding, CodeGenerator, CodeMac, NewCode } from "./codes.ts";
import { type DomainError, DomainError as Refused, type Refusal } from "./errors.ts";
import type { Policy } from "./policy.ts";
import type { UserState } from "./user.ts";
import type { CodeAdded, UserEvent } from "./user-events.ts";

/** What a decider decides from besides state and command: all that is not pure comes in here, as data. */
export interface Facts {
  readonly nowMs: number;
  readonly policy: Policy;
  /** Keyed and deterministic. */
  readonly mac: CodeMac;
}

/** What happens because of a command. No event means that nothing changes. */
export interface Decision<E = UserEvent> {
  readonly events: readonly E[];
  /** The command is refused, yet its events (a failed try) are recorded first. */
  readonly refusal?: DomainError;
  /** The code that the events speak of, where one was made. */
  readonly code?: IssuedCode;
}

/** A code together with what it proves. */
export interface IssuedCode extends NewCode {
  readonly purpose: CodePurpose;
  /** E.164. */
  readonly number: string;
  readonly expiresMs: number | null;
  /** True if the caller gets it; false if it goes out by SMS. */
  readonly returned: boolean;
}

export type CodePurpose = "verify_phone" | "verify_otp_sms" | "otp_sms";

/** How a number is to be verified. */
export type Verification = "send_code" | "return_code" | "is_verified";

/** @throws DomainError unless there is such a user, and a human one */
export function requireHuman(state: UserState | undefined, missing: Refusal): UserState {
  if (state === undefined || state.status === "removed" || state.kind !== "human") throw new Refused(missing);
  return state;
}

/** A code for a number, and the data of the event that adds it. */
export function issueCode(
  binding: CodeBinding & { readonly purpose: CodePurpose },
  code: NewCode,
  generator: CodeGenerator,
  verification: Exclude<Verification, "is_verified">,
  facts: Facts,
): { readonly issued: IssuedCode; readonly added: CodeAdded } {
  const expiresMs = generator.ttlMs === null ? null : facts.nowMs + generator.ttlMs;
  const returned = verification === "return_code";
  return {
    issued: { ...code, purpose: binding.purpose, number: binding.number, expiresMs, returned },
    added: {
      challengeId: code.challengeId,
      ...facts.mac.sign(binding, code.plain),
      expiresMs,
      attemptsMax: facts.policy.codeAttemptsMax,
      returned,
    },
  };
}
