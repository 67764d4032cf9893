import type { Dispatcher } from "undici";

/** What is read of an answer; nothing behind that matters. */
const bodyBytesMax = 64 * 1024;

/** What is known of a request that was posted. */
export type HttpOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfter: string; readonly body: string }
  /** Nothing of it left this machine. */
  | { readonly kind: "not_sent"; readonly cause: unknown }
  /** It left, and no answer came, or the head of a good one only. */
  | { readonly kind: "broken_off"; readonly cause: unknown };

/**
 * One request under way, as undici tells of it. Unlike `fetch`, it knows whether a request that failed had left: what
 * failed before (name, connection, TLS) was not received for certain.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly #settle: (outcome: HttpOutcome) => void;
  readonly #chunks: Buffer[] = [];
  #bodyBytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #head: { readonly status: number; readonly retryAfter: string } | undefined;
  #isOver = false;

  /** @param settle is called once */
  constructor(settle: (outcome: HttpOutcome) => void) {
    this.#settle = settle;
  }

  /** Ends it with what is known so far. A request that has not left stays here. */
  abort(cause: Error): void {
    this.#fail(cause);
    this.#controller?.abort(cause);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) controller.abort(new Error("aborted before it left"));
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    const retryAfter = headers["retry-after"];
    this.#head = { status, retryAfter: typeof retryAfter === "string" ? retryAfter : "" };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(0, bodyBytesMax - this.#bodyBytes));
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes < bodyBytesMax) return;
    this.#answer();
    controller.abort(new Error("the rest of the answer does not matter"));
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#fail(cause);
  }

  #answer(): void {
    if (this.#head !== undefined) {
      this.#end({ kind: "answered", ...this.#head, body: Buffer.concat(this.#chunks).toString() });
    }
  }

  #fail(cause: unknown): void {
    // The status of a refusal says it all, however its body ends. A good one counts with its body only.
    if (this.#head !== undefined && this.#head.status >= 300) this.#answer();
    else this.#end({ kind: this.#controller === undefined ? "not_sent" : "broken_off", cause });
  }

  #end(outcome: HttpOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#settle(outcome);
  }
}
