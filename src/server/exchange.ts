import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

/** A request, and the way to answer it, whatever version of HTTP carries it. */
export interface Exchange {
  readonly httpVersion: "1.1" | "2";
  readonly method: string;
  /** Path and query, or a whole URL, as it was sent. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** The whole URL. It is put together when it is asked for. */
  readonly url: string;
  /** Whether nobody is there any more to be answered. */
  readonly isGone: boolean;
  /** Whether all of the body is there. */
  readonly isBodyComplete: boolean;
  readonly isAnswerBegun: boolean;
  /** Is added to the header of the answer. */
  extraHeaders: OutgoingHttpHeaders | undefined;
  /** The listener is called when the client has gone, or the answer is sent. */
  onClose(listener: () => void): void;
  offClose(listener: () => void): void;
  /** Reads the body. */
  readWhole(bytesMax: number, done: BodyListener): void;
  /** What was not read yet of the body. Leaving off in the middle is no harm. @throws Error if it breaks off */
  body(): AsyncIterable<Uint8Array>;
  /** Takes no more of the body, and gives no answer. */
  cancel(): void;
  /** Sends all of the answer. Past this there is nothing left to do. */
  answer(
    status: number,
    headers: OutgoingHttpHeaders,
    body: Uint8Array | undefined,
    trailers?: OutgoingHttpHeaders,
  ): void;
  /** Sends an answer as it comes; of the one to a HEAD, its header. @throws if it cannot be sent to its end */
  send(response: UniversalServerResponse): Promise<void>;
}

/**
 * Gets all of a body; or, if there is more of it than asked for, a part that is more (`body` has the rest then); or
 * undefined if it broke off, which HTTP/1.1 does not tell.
 */
export type BodyListener = (chunks: readonly Uint8Array[] | undefined, isWhole: boolean) => void;

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}
