import type { RandomBytes } from "../lib/random.ts";

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

/** What a code is valid for: the same digits for another user, purpose, number or challenge are wrong. */
export interface CodeBinding {
  readonly userId: string;
  readonly purpose: string;
  /** E.164. */
  readonly number: string;
  readonly challengeId: string;
}

/** Keyed, deterministic: the same input gives the same answer. It never gives a code back. */
export interface CodeMac {
  sign(binding: CodeBinding, code: string): SignedCode;
  /** Compares in constant time. */
  verify(binding: CodeBinding, code: string, signed: SignedCode): boolean;
}

export interface SignedCode {
  readonly keyId: string;
  /** HMAC-SHA256, base64url. */
  readonly mac: string;
}

/** A code that waits for its answer, as state and events keep it. */
export interface PendingCode extends SignedCode {
  readonly challengeId: string;
  /** Null if it never expires. */
  readonly expiresMs: number | null;
  /** Wrong tries that are left before the code is dead; null if unlimited. */
  readonly attemptsLeft: number | null;
}

/** A freshly drawn code, before it is known whether it will be used. */
export interface NewCode {
  readonly challengeId: string;
  readonly plain: string;
}

export type CodeCheck = "right" | "wrong" | "expired" | "dead";

/** The expiry is tested first, then the attempts, then the code itself. */
export function checkCode(
  pending: PendingCode,
  binding: CodeBinding,
  code: string,
  nowMs: number,
  mac: CodeMac,
): CodeCheck {
  if (isExpired(pending, nowMs)) return "expired";
  if (pending.attemptsLeft === 0) return "dead";
  return mac.verify(binding, code, pending) ? "right" : "wrong";
}

export function isExpired(pending: Pick<PendingCode, "expiresMs">, nowMs: number): boolean {
  return pending.expiresMs !== null && nowMs >= pending.expiresMs;
}

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
