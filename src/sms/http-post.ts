import { Agent } from "undici";
import type { SendResult, SmsAccount } from "../app/sms-port.ts";
import type { Clock } from "../lib/clock.ts";
import { errorCode } from "../lib/error-code.ts";
import { HttpExchange, type HttpOutcome } from "./http-exchange.ts";
import { ForbiddenUrlError, lookupPublic, refuseForbiddenUrl } from "./public-address.ts";

const timeoutMsDefault = 5_000;
const connectionsMax = 16;
/** A message must not keep its place in the outbox for as long as somebody else likes. */
const retryAfterMaxMs = 3_600_000;
/** A wrong key, no credit. */
const accountStatusesUsual: readonly number[] = [401, 402];

export interface HttpPostOptions {
  /** In messages, e.g. "the webhook". */
  readonly receiver: string;
  /** Whether the receiver may be on a loopback or private address, and at an http URL. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  /** For connecting, sending and the whole answer; 5 s if it is left out. */
  readonly timeoutMs?: number | undefined;
}

/** What the adapter of a provider's API takes besides the account. */
export interface ApiOptions extends Omit<HttpPostOptions, "receiver"> {
  /** Another address than the provider's own, for tests; without a slash at the end. */
  readonly apiUrl?: string | undefined;
}

/** What an account with such a provider says of how to send. */
export type AccountOf<K extends SmsAccount["kind"]> = Omit<
  Extract<SmsAccount, { readonly kind: K }>,
  "kind" | "id" | "description"
>;

/** How one provider's answers are understood. */
export interface AnswerReader {
  /** What the body of a 2xx calls the message; empty if it was not taken. If left out, any 2xx counts as sent. */
  readonly idOf?: (body: string) => string;
  /** What the body of any other answer, or of a 2xx that names no message, tells beyond its status; undefined if nothing. */
  readonly refused?: (body: string) => Refusal | undefined;
  /** With which the account is refused, so that no other message will fare better; 401 and 402 if left out. */
  readonly accountStatuses?: readonly number[];
}

export interface Refusal {
  /** In plain words, without any phone number. */
  readonly reason: string;
  /** Where the status alone would mislead. */
  readonly kind?: "rejected" | "retry";
}

/** The answer, or why there is none. */
export type HttpAnswer =
  Extract<HttpOutcome, { kind: "answered" }> | Exclude<SendResult, { readonly kind: "sent" }>;

/** Posts to a provider over kept connections. */
export class HttpPost {
  readonly #receiver: string;
  readonly #allowPrivate: boolean;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor({ receiver, allowPrivate, clock, timeoutMs = timeoutMsDefault }: HttpPostOptions) {
    this.#receiver = receiver;
    this.#allowPrivate = allowPrivate;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({
      connections: connectionsMax,
      connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: lookupPublic }) },
    });
  }

  /**
   * Sends a message. Never throws; redirects are not followed.
   *
   * Not sent for certain: 408, 429, 500, 503 (worth another attempt), any other 3xx and 4xx (not worth one), and what
   * failed before the request left. Everything else that is no 2xx may have been sent.
   */
  async send(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    reader: AnswerReader = {},
  ): Promise<SendResult> {
    const answer = await this.post(url, headers, body);
    if (answer.kind !== "answered") return answer;
    const { status, retryAfter } = answer;
    if (status < 300) return this.#taken(answer.body, reader);
    const refusal = reader.refused?.(answer.body);
    const kind = refusal?.kind ?? kindOf(status);
    const reason = `${this.#receiver} answered ${status}${refusal === undefined ? "" : `: ${refusal.reason}`}`;
    if (kind === "rejected") {
      const isAccountRefused = (reader.accountStatuses ?? accountStatusesUsual).includes(status);
      return { kind, reason, ...(isAccountRefused ? { isAccountRefused } : {}) };
    }
    const retryAfterMs = kind === "retry" ? this.#retryAfterMs(retryAfter) : undefined;
    return { kind, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }

  /** What a 2xx means. */
  #taken(body: string, { idOf, refused }: AnswerReader): SendResult {
    if (idOf === undefined) return { kind: "sent" };
    const providerMessageId = idOf(body);
    if (providerMessageId !== "") return { kind: "sent", providerMessageId };
    const refusal = refused?.(body);
    return refusal === undefined
      ? { kind: "unknown", reason: `${this.#receiver} answered without the id of a message` }
      : { kind: refusal.kind ?? "rejected", reason: `${this.#receiver} refused it: ${refusal.reason}` };
  }

  /** Never throws. */
  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<HttpAnswer> {
    const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
    const exchange = new HttpExchange(resolve);
    const timedOut = new Error(`did not answer within ${this.#timeoutMs} ms`);
    const timer = setTimeout(() => exchange.abort(timedOut), this.#timeoutMs);
    try {
      const target = new URL(url);
      if (!this.#allowPrivate) refuseForbiddenUrl(target);
      const { origin, pathname, search } = target;
      this.#agent.dispatch({ origin, path: pathname + search, method: "POST", headers, body }, exchange);
    } catch (cause) {
      resolve({ kind: "not_sent", cause });
    }
    const outcome = await promise;
    clearTimeout(timer);
    if (outcome.kind === "answered") return outcome;
    const { kind, cause } = outcome;
    const receiver = this.#receiver;
    if (cause instanceof ForbiddenUrlError) {
      return { kind: "rejected", reason: `${receiver} is ${cause.message}` };
    }
    if (codeOf(cause) === "UND_ERR_INVALID_ARG") {
      // A key in a header, with a new line that was pasted with it: no other attempt will fare better.
      const why = "its settings hold a character that HTTP does not allow";
      return { kind: "rejected", reason: `${receiver} cannot be asked: ${why}` };
    }
    if (kind === "not_sent") {
      const why = cause === timedOut ? ` within ${this.#timeoutMs} ms` : `: ${codeOf(cause)}`;
      return { kind: "retry", reason: `${receiver} cannot be reached${why}` };
    }
    const why = cause === timedOut ? timedOut.message : `broke off: ${codeOf(cause)}`;
    return { kind: "unknown", reason: `${receiver} ${why}` };
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  /** @param value seconds or an HTTP date (RFC 9110, section 10.2.3) */
  #retryAfterMs(value: string): number | undefined {
    if (/^\d+$/.test(value)) return Math.min(Number(value) * 1_000, retryAfterMaxMs);
    const atMs = /^[A-Z]/.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(atMs)) return undefined;
    return Math.min(Math.max(0, atMs - this.#clock.nowMs()), retryAfterMaxMs);
  }
}

function kindOf(status: number): "retry" | "unknown" | "rejected" {
  if (status === 408 || status === 429 || status === 500 || status === 503) return "retry";
  return status >= 500 ? "unknown" : "rejected";
}

/** undici leaves some codes undefined. */
function codeOf(error: unknown): string {
  return errorCode(error) || "network error";
}
