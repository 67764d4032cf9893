import {
  type CodeAdded,
  type CodeBinding,
  type CodeGenerator,
  type NewCode,
  type PendingCode,
  termsAfter,
} from "./codes.ts";
import type { CodePurpose, Facts, IssuedCode, Verification } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import { requireSmsAllowed } from "./sms-allowance.ts";

const notReturnable = refusal("failed_precondition", "CODE-n0Rtn", "Errors.Code.NotReturnable");

/**
 * A code for a number, and the data of the event that adds it.
 *
 * @param request.pending what waits for its answer until then
 * @param request.smsBeforeMs when messages were asked for that count together with this one; none do if left out
 * @throws DomainError if the caller wants a code that a provider makes, or the message would be one too many
 */
export function issueCode(
  binding: CodeBinding & { readonly purpose: CodePurpose },
  request: {
    readonly code: NewCode;
    readonly verification: Exclude<Verification, "is_verified">;
    readonly pending?: PendingCode | undefined;
    readonly smsBeforeMs?: readonly number[] | undefined;
  },
  generator: CodeGenerator,
  facts: Facts,
): { readonly issued: IssuedCode; readonly added: CodeAdded } {
  const { nowMs, policy, mac, generatorOf } = facts;
  const { purpose, number } = binding;
  const { challengeId, ...drawn } = request.code;
  const returned = request.verification === "return_code";
  if (!returned) requireSmsAllowed(request.smsBeforeMs ?? [], facts);
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
