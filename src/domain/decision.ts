import {
  type CodeAdded,
  type CodeBinding,
  type CodeGenerator,
  type CodeMac,
  type NewCode,
  type PendingCode,
  type ProviderCheck,
  type ProviderQuestion,
  termsAfter,
} from "./codes.ts";
import { DomainError, refusal } from "./errors.ts";
import type { Policy } from "./policy.ts";
import type { UserEvent } from "./user-events.ts";

/** What a decider decides from besides state and command: all that is not pure comes in here, as data. */
export interface Facts {
  readonly nowMs: number;
  readonly policy: Policy;
  /** Keyed and deterministic. */
  readonly mac: CodeMac;
  /** The provider that makes the codes for a number (E.164), where it is not us. */
  readonly generatorOf?: GeneratorOf | undefined;
  /** What a provider said of the code that is to be checked. */
  readonly providerCheck?: ProviderCheck | undefined;
}

/** @returns the id of the provider; undefined if its codes are made here */
export type GeneratorOf = (number: string) => string | undefined;

/** What happens because of a command. No event means that nothing changes. */
export interface Decision<E = UserEvent> {
  readonly events: readonly E[];
  /** The command is refused, yet its events (a failed try) are recorded first. */
  readonly refusal?: DomainError;
  /** Nothing is decided before the provider that made the code has answered this. */
  readonly question?: ProviderQuestion;
  /** The code that the events speak of, where one was made. */
  readonly code?: IssuedCode;
}

/** A code together with what it proves. */
export interface IssuedCode {
  readonly challengeId: string;
  /** Empty if a provider makes it. */
  readonly plain: string;
  readonly purpose: CodePurpose;
  /** E.164. */
  readonly number: string;
  readonly expiresMs: number | null;
  /** True if the caller gets it; false if it goes out by SMS. */
  readonly returned: boolean;
}

/** What a code is for, and the message that carries it. */
export const codePurposes = ["verify_phone", "verify_otp_sms", "otp_sms"] as const;
export type CodePurpose = (typeof codePurposes)[number];

/** How a number is to be verified. */
export type Verification = "send_code" | "return_code" | "is_verified";

const notReturnable = refusal("failed_precondition", "CODE-n0Rtn", "Errors.Code.NotReturnable");

/**
 * A code for a number, and the data of the event that adds it.
 *
 * @param request.pending what waits for its answer until then
 * @throws DomainError if the caller wants a code that a provider makes
 */
export function issueCode(
  binding: CodeBinding & { readonly purpose: CodePurpose },
  request: {
    readonly code: NewCode;
    readonly verification: Exclude<Verification, "is_verified">;
    readonly pending?: PendingCode | undefined;
  },
  generator: CodeGenerator,
  facts: Facts,
): { readonly issued: IssuedCode; readonly added: CodeAdded } {
  const { nowMs, policy, mac, generatorOf } = facts;
  const { purpose, number } = binding;
  const { challengeId, ...drawn } = request.code;
  const returned = request.verification === "return_code";
  const attemptsMax = policy.codeAttemptsMax;
  const generatorId = generatorOf?.(number);
  if (generatorId !== undefined) {
    if (returned) throw new DomainError(notReturnable);
    // The provider counts its life, from when it is sent.
    const expiresMs = null;
    return {
      issued: { challengeId, plain: "", purpose, number, expiresMs, returned },
      added: { challengeId, generatorId, expiresMs, attemptsMax, returned },
    };
  }
  const expiresMs = generator.ttlMs === null ? null : nowMs + generator.ttlMs;
  const fresh = { ...drawn, expiresMs, attemptsMax };
  const { plain, ...terms } = termsAfter(request.pending, fresh, policy.resend, facts);
  return {
    issued: { challengeId, plain, purpose, number, expiresMs: terms.expiresMs, returned },
    added: { challengeId, ...mac.sign(binding, plain), ...terms, returned },
  };
}
