import type { CommitOutcome, KeptAnswer } from "../../app/store-port.ts";
import { pruneStepAnswers } from "../bounds.ts";

/** The answers that are kept for repeated calls. */
export class MemoryAnswers {
  readonly #answersMax: number;
  /** By key, the one that was kept first in front. */
  readonly #answers = new Map<string, KeptAnswer>();

  constructor(answersMax: number) {
    this.#answersMax = answersMax;
  }

  find(key: string, nowMs: number): string | undefined {
    const found = this.#answers.get(key);
    return found !== undefined && nowMs < found.expiresMs ? found.sealed : undefined;
  }

  refusal({ key }: KeptAnswer, nowMs: number): CommitOutcome | undefined {
    this.#prune(nowMs);
    if (this.find(key, nowMs) !== undefined) return { kind: "answered" };
    return this.#answers.size >= this.#answersMax ? { kind: "answers_full" } : undefined;
  }

  add(answer: KeptAnswer): void {
    // One that is past its time gives its place up, and the new one goes to the end.
    this.#answers.delete(answer.key);
    this.#answers.set(answer.key, answer);
  }

  /** The one that was kept first in front. */
  kept(): readonly KeptAnswer[] {
    return [...this.#answers.values()];
  }

  #prune(nowMs: number): void {
    let looked = 0;
    for (const { key, expiresMs } of this.#answers.values()) {
      if (looked === pruneStepAnswers) return;
      looked += 1;
      if (nowMs >= expiresMs) this.#answers.delete(key);
    }
  }
}
