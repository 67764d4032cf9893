import { Agent, request } from "undici";
import type { SendResult } from "../app/ports.ts";
import { ForbiddenAddressError, lookupPublic, refuseForbiddenHost } from "./public-address.ts";

export const timeoutMsDefault = 5_000;
const connectionsMax = 16;
/** What is read of an answer; nothing in it matters. */
const bodyBytesMax = 64 * 1024;

export interface HttpPostOptions {
  /** In messages, e.g. "the webhook". */
  readonly receiver: string;
  /** Whether the receiver may be on a loopback or private address. */
  readonly allowPrivate: boolean;
  /** For connecting, sending and the whole answer; 5 s if it is left out. */
  readonly timeoutMs?: number | undefined;
}

/** Posts to a provider over kept connections. */
export class HttpPost {
  readonly #receiver: string;
  readonly #allowPrivate: boolean;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor({ receiver, allowPrivate, timeoutMs = timeoutMsDefault }: HttpPostOptions) {
    this.#receiver = receiver;
    this.#allowPrivate = allowPrivate;
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({
      connections: connectionsMax,
      connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: lookupPublic }) },
    });
  }

  /** Any 2xx counts as sent. Never throws. */
  async send(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<SendResult> {
    const timeoutMs = this.#timeoutMs;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      if (!this.#allowPrivate) refuseForbiddenHost(new URL(url).hostname);
      const response = await request(url, {
        method: "POST",
        headers,
        body,
        dispatcher: this.#agent,
        signal,
      });
      await response.body.dump({ limit: bodyBytesMax, signal });
      return this.#resultOf(response.statusCode, response.headers["retry-after"]);
    } catch (error) {
      if (error instanceof ForbiddenAddressError) return { kind: "rejected", reason: error.message };
      const reason = signal.aborted
        ? `${this.#receiver} did not answer within ${timeoutMs} ms`
        : `${this.#receiver} cannot be reached: ${codeOf(error)}`;
      return { kind: "retry", reason };
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  #resultOf(status: number, retryAfter: string | string[] | undefined): SendResult {
    if (status >= 200 && status < 300) return { kind: "sent" };
    const reason = `${this.#receiver} answered ${status}`;
    if (status !== 408 && status !== 429 && status < 500) return { kind: "rejected", reason };
    const seconds =
      typeof retryAfter === "string" && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
    return { kind: "retry", reason, ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }) };
  }
}

function codeOf(error: unknown): string {
  const hasCode = typeof error === "object" && error !== null && "code" in error;
  return hasCode ? String(error.code) : "network error";
}
