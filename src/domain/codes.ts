import type { RandomBytes } from "../lib/random.ts";
import { DomainError, refusal } from "./errors.ts";

/** How codes of one kind are made. */
export interface CodeGenerator {
  readonly length: number;
  readonly lowerLetters: boolean;
  readonly upperLetters: boolean;
  readonly digits: boolean;
  readonly symbols: boolean;
  /** Life of a code from its creation; null if it never expires. */
  readonly ttlMs: number | null;
}

/** What a code is for, and the message that carries it. */
export const codePurposes = ["verify_phone", "verify_otp_sms", "otp_sms"] as const;
export type CodePurpose = (typeof codePurposes)[number];

/** What a code is valid for: the same digits for another user, purpose, number or challenge are wrong. */
export interface CodeBinding {
  readonly userId: string;
  readonly purpose: CodePurpose;
  /** E.164. */
  readonly number: string;
  readonly challengeId: string;
}

/** Keyed, deterministic: the same input gives the same answer. */
export interface CodeMac {
  sign(binding: CodeBinding, code: string): SignedCode;
  /** Compares in constant time. */
  verify(binding: CodeBinding, code: string, signed: SignedCode): boolean;
  /** Gives back what was sealed to be sent again, and nothing else; undefined if its key is gone. */
  reveal(sealed: RepeatableCode): string | undefined;
}

export interface SignedCode {
  readonly keyId: string;
  /** HMAC-SHA256, base64url. */
  readonly mac: string;
}

/** A code that may be sent again, encrypted. */
export interface RepeatableCode {
  /** What it is bound to: the challenge that it was drawn for. */
  readonly id: string;
  readonly text: string;
}

interface Challenge {
  readonly challengeId: string;
  /** Null if it never expires. */
  readonly expiresMs: number | null;
}

/** A code that is accepted. */
type AcceptedCode = Challenge & SignedCode;

interface Pending extends Challenge {
  /** Wrong tries that are left before the code is dead; null if unlimited. */
  readonly attemptsLeft: number | null;
}

/** A code of our own that waits for its answer. */
export interface OwnPendingCode extends Pending, SignedCode {
  /** Where a resend repeats the code. */
  readonly sealed?: RepeatableCode;
  /** Earlier codes that are accepted beside it, the newest first. The tries that are left are those of all. */
  readonly former?: readonly AcceptedCode[];
}

/** A code that a provider made, and only it can check. */
export interface ProviderPendingCode extends Pending {
  /** Id of the provider. */
  readonly generatorId: string;
  /** What the provider checks it by; left out until it is sent. */
  readonly providerMessageId?: string;
}

/** A code that waits for its answer, as the state keeps it. */
export type PendingCode = OwnPendingCode | ProviderPendingCode;

/** A code that was made, as events keep it. */
export type CodeAdded = Challenge & {
  /** Wrong tries from here on. */
  readonly attemptsMax: number | null;
  /** True if the caller got the code; false if it goes out by SMS. */
  readonly returned: boolean;
} & (
    | (SignedCode & {
        readonly sealed?: RepeatableCode;
        /** Challenge ids of the earlier codes that are accepted beside it. */
        readonly keeps?: readonly string[];
      })
    | Pick<ProviderPendingCode, "generatorId">
  );

/** A code that went out, as events keep it. */
export interface CodeSent {
  readonly challengeId: string;
  /** Of a code that the provider made. */
  readonly providerId?: string;
  readonly providerMessageId?: string;
}

/** A freshly drawn code, before it is known whether it will be used. */
export interface NewCode {
  readonly challengeId: string;
  readonly plain: string;
  /** Where a resend repeats the code. */
  readonly sealed?: RepeatableCode;
}

// ------------------------------------------------------------------------------------------- the fold

/** @param before what was pending until then */
export function pendingAfter(before: PendingCode | undefined, added: CodeAdded): PendingCode {
  const { challengeId, expiresMs, attemptsMax: attemptsLeft } = added;
  if ("generatorId" in added) {
    return { challengeId, generatorId: added.generatorId, expiresMs, attemptsLeft };
  }
  const { keyId, mac, sealed, keeps } = added;
  return {
    challengeId,
    keyId,
    mac,
    expiresMs,
    attemptsLeft,
    ...(sealed === undefined ? {} : { sealed }),
    ...(keeps === undefined ? {} : { former: keptOf(before, keeps) }),
  };
}

function keptOf(before: PendingCode | undefined, keeps: readonly string[]): readonly AcceptedCode[] {
  if (before === undefined || "generatorId" in before) return [];
  return acceptedOf(before)
    .filter(({ challengeId }) => keeps.includes(challengeId))
    .map(({ challengeId, keyId, mac, expiresMs }) => ({ challengeId, keyId, mac, expiresMs }));
}

/** What a provider's code can be checked by is known once it is sent. */
export function pendingAfterSent(pending: PendingCode, sent: CodeSent): PendingCode {
  const isIt =
    "generatorId" in pending &&
    pending.challengeId === sent.challengeId &&
    pending.generatorId === sent.providerId;
  if (!isIt || sent.providerMessageId === undefined) return pending;
  return { ...pending, providerMessageId: sent.providerMessageId };
}

export function pendingAfterFailure(pending: PendingCode): PendingCode {
  const { attemptsLeft } = pending;
  return attemptsLeft === null || attemptsLeft === 0
    ? pending
    : { ...pending, attemptsLeft: attemptsLeft - 1 };
}

// ------------------------------------------------------------------------------------------ the check

/** What a provider said of a code that it made. */
export interface ProviderCheck {
  readonly challengeId: string;
  readonly outcome: "right" | "wrong" | "expired";
}

/** What a provider must be asked before it is known whether a code is right. */
export interface ProviderQuestion {
  readonly challengeId: string;
  readonly providerId: string;
  readonly providerMessageId: string;
  readonly code: string;
}

/** Of a code that is not accepted, where it is told whether it is wrong or has expired. */
export const codeErrors = {
  wrong: refusal("invalid_argument", "CODE-woT0xc", "Errors.User.Code.Invalid"),
  expired: refusal("failed_precondition", "CODE-QvUQ4P", "Errors.User.Code.Expired"),
} as const;

const notSentYet = refusal("failed_precondition", "COMMAND-Sgb4h", "Errors.Code.NotSentYet");

/**
 * The expiry is tested first, then the attempts, then the code itself.
 *
 * @param bindingOf by challenge id
 * @param facts.providerCheck what the provider said, if it was asked
 * @returns the question where a provider must be asked first
 * @throws DomainError if the provider has not sent its code yet
 */
export function checkCode(
  pending: PendingCode,
  bindingOf: (challengeId: string) => CodeBinding,
  code: string,
  facts: {
    readonly nowMs: number;
    readonly mac: CodeMac;
    readonly providerCheck?: ProviderCheck | undefined;
  },
): "right" | "wrong" | "expired" | ProviderQuestion {
  const { nowMs, mac, providerCheck } = facts;
  if ("generatorId" in pending) {
    const { challengeId, generatorId: providerId, providerMessageId } = pending;
    if (isExpired(pending, nowMs)) return "expired";
    if (hasNoTriesLeft(pending)) return "wrong";
    if (providerCheck?.challengeId === challengeId) return providerCheck.outcome;
    if (providerMessageId === undefined) throw new DomainError(notSentYet);
    return { challengeId, providerId, providerMessageId, code };
  }
  const alive = acceptedOf(pending).filter((each) => !isExpired(each, nowMs));
  if (alive.length === 0) return "expired";
  if (hasNoTriesLeft(pending)) return "wrong";
  const isRight = alive.some((each) => mac.verify(bindingOf(each.challengeId), code, each));
  return isRight ? "right" : "wrong";
}

/** Such a code is dead, whether it has expired or not. */
export function hasNoTriesLeft({ attemptsLeft }: PendingCode): boolean {
  return attemptsLeft === 0;
}

/** Whether an answer could be right. */
export function isAlive(pending: PendingCode, nowMs: number): boolean {
  if (hasNoTriesLeft(pending)) return false;
  const codes: readonly Challenge[] = "generatorId" in pending ? [pending] : acceptedOf(pending);
  return codes.some((each) => !isExpired(each, nowMs));
}

/** Whether the code of this challenge is the pending one, or an earlier one that is accepted beside it. */
export function isCurrent(pending: PendingCode | undefined, challengeId: string): boolean {
  if (pending === undefined || "generatorId" in pending) return pending?.challengeId === challengeId;
  return acceptedOf(pending).some((each) => each.challengeId === challengeId);
}

/** The provider that makes and checks the code; undefined if it is our own. */
export function generatorIdOf(pending: PendingCode | undefined): string | undefined {
  return pending !== undefined && "generatorId" in pending ? pending.generatorId : undefined;
}

/** The newest first. */
function acceptedOf(pending: OwnPendingCode): readonly AcceptedCode[] {
  return pending.former === undefined ? [pending] : [pending, ...pending.former];
}

function isExpired(challenge: Challenge, nowMs: number): boolean {
  return challenge.expiresMs !== null && nowMs >= challenge.expiresMs;
}

// ----------------------------------------------------------------------------------------- the resend

/** What a resend does to a code that is alive; there is nothing to decide about any other. */
export type ResendPolicy =
  | { readonly kind: "replace" }
  /** The same code goes out again. */
  | { readonly kind: "repeat" }
  /** This many codes, the newest ones, are accepted side by side. */
  | { readonly kind: "last"; readonly count: number };

/** A code together with what it takes over from those before it. */
export interface CodeTerms {
  readonly plain: string;
  readonly expiresMs: number | null;
  readonly attemptsMax: number | null;
  readonly sealed?: RepeatableCode;
  readonly keeps?: readonly string[];
}

/**
 * The code that goes out next. Neither a repetition nor a further code gives a guesser more tries.
 *
 * @param fresh the terms of a code that takes over nothing
 */
export function termsAfter(
  pending: PendingCode | undefined,
  fresh: CodeTerms,
  resend: ResendPolicy,
  { nowMs, mac }: { readonly nowMs: number; readonly mac: CodeMac },
): CodeTerms {
  if (pending === undefined || "generatorId" in pending || !isAlive(pending, nowMs)) return fresh;
  const { attemptsLeft: attemptsMax, expiresMs, sealed } = pending;
  switch (resend.kind) {
    case "replace":
      return fresh;
    case "repeat": {
      const plain = sealed === undefined || isExpired(pending, nowMs) ? undefined : mac.reveal(sealed);
      return sealed === undefined || plain === undefined ? fresh : { plain, expiresMs, attemptsMax, sealed };
    }
    case "last": {
      const alive = acceptedOf(pending).filter((each) => !isExpired(each, nowMs));
      const keeps = alive.slice(0, resend.count - 1).map(({ challengeId }) => challengeId);
      return { ...fresh, attemptsMax, keeps };
    }
  }
}

// ---------------------------------------------------------------------------------------- the drawing

const lowerLetters = "abcdefghijklmnopqrstuvwxyz";
const symbols = "~!@#$^&*()_+`-={}|[]:<>?,./";

/** The characters of a generator, in a fixed order. */
export function alphabetOf(generator: CodeGenerator): string {
  return [
    generator.lowerLetters ? lowerLetters : "",
    generator.upperLetters ? lowerLetters.toUpperCase() : "",
    generator.digits ? "0123456789" : "",
    generator.symbols ? symbols : "",
  ].join("");
}

/**
 * Draws each character independently and uniformly over the alphabet.
 *
 * A byte that would favor the first characters (modulo bias) is thrown away and drawn again.
 * @returns a string of `generator.length` characters; empty if the alphabet is
 */
export function drawCode(generator: CodeGenerator, randomBytes: RandomBytes): string {
  const alphabet = alphabetOf(generator);
  if (alphabet.length === 0) return "";
  const usableBelow = 256 - (256 % alphabet.length);
  let code = "";
  while (code.length < generator.length) {
    // Twice what is missing: a second round is rare.
    for (const byte of randomBytes(2 * (generator.length - code.length))) {
      if (byte < usableBelow && code.length < generator.length)
        code += alphabet.charAt(byte % alphabet.length);
    }
  }
  return code;
}
