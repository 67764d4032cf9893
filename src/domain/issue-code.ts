import {
  type CodeAdded,
  type CodeBinding,
  type CodeGenerator,
  type NewCode,
  type PendingCode,
  termsAfter,
} from "./codes.ts";
import { type Facts, type IssuedCode, us, type Verification } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import { requireSmsAllowed } from "./sms-allowance.ts";

const unsendable = refusal("failed_precondition", "PHONE-n0Way", "Errors.User.Phone.NoProvider");
const notReturnable = refusal("failed_precondition", "CODE-n0Rtn", "Errors.Code.NotReturnable");

/**
 * A code for a number, and the data of the event that adds it.
 *
 * @param request.pending what waits for its answer until then
 * @param request.smsBeforeMs when messages were asked for that count together with this one, the oldest first
 * @throws DomainError if the message would reach nobody or be one too many, or a provider makes the code that the
 * caller wants
 */
export function issueCode(
  binding: CodeBinding,
  request: {
    readonly code: NewCode;
    readonly verification: Exclude<Verification, "is_verified">;
    readonly pending?: PendingCode | undefined;
    readonly smsBeforeMs: readonly number[] | undefined;
  },
  generator: CodeGenerator,
  facts: Facts,
): { readonly issued: IssuedCode; readonly added: CodeAdded } {
  const { nowMs, policy, mac, sourceOf } = facts;
  const { purpose, number } = binding;
  const { challengeId, ...drawn } = request.code;
  const returned = request.verification === "return_code";
  const source = sourceOf?.(number) ?? us;
  if (!returned) {
    if (source.kind === "nobody" && policy.refusesUnsendable) throw new DomainError(unsendable);
    requireSmsAllowed(request.smsBeforeMs ?? [], policy.smsPerHour, nowMs);
  }
  const attemptsMax = policy.codeAttemptsMax;
  if (source.kind === "provider") {
    if (returned) throw new DomainError(notReturnable);
    // The provider counts its life, from when it is sent.
    const expiresMs = null;
    return {
      issued: { challengeId, plain: "", purpose, number, expiresMs, returned },
      added: { challengeId, generatorId: source.providerId, expiresMs, attemptsMax, returned },
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
