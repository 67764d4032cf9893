import { Code, ConnectError } from "@connectrpc/connect";
import { assertByteStreamRequest, type UniversalHandlerFn } from "@connectrpc/connect/protocol";
import { originForm, type RequestHead } from "./request-head.ts";
import { statusResponse } from "./rest/status.ts";

/** Answers plain HTTP requests for everything directly below a path, e.g. what a provider calls back. */
export interface Endpoint {
  readonly methods: readonly string[];
  /** A longer body is refused. */
  readonly bodyBytesMax: number;
  /** From when it is asked for; a body that takes longer is refused. */
  readonly bodyMsMax: number;
  /** As many requests of one name are answered at a time: those of the others go on. More are refused for the moment. */
  readonly concurrentMax: number;
  /** As many of all names. */
  readonly concurrentMaxOfAll: number;
  /** @returns the HTTP status of an answer without a body */
  readonly handle: (request: EndpointRequest) => Promise<number>;
}

export interface EndpointRequest {
  /** What is asked for, e.g. "a" of "/receipts/a?b=c"; as it came in, with its escapes. */
  readonly name: string;
  /** Path and query, as they came in. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body. Nothing is read before it is asked for. */
  readonly readBody: () => Promise<Uint8Array>;
}

/** Serves an endpoint. Requests by other methods must not come here. */
export function serveEndpoint(endpoint: Endpoint): EndpointHandler {
  const { bodyBytesMax, bodyMsMax, concurrentMax, concurrentMaxOfAll, handle } = endpoint;
  /** How many, by name. */
  const busy = new Map<string, number>();
  let busyOfAll = 0;
  return ({ target: anyTarget }) =>
    async (request) => {
      assertByteStreamRequest(request);
      const { header, body } = request;
      if (Number(header.get("content-length") ?? 0) > bodyBytesMax)
        return statusResponse(tooLarge(), undefined, 413);
      const target = originForm(anyTarget);
      const [path = ""] = target.split("?", 1);
      const name = path.slice(path.lastIndexOf("/") + 1);
      const busyOfName = busy.get(name) ?? 0;
      if (busyOfName >= concurrentMax || busyOfAll >= concurrentMaxOfAll)
        return statusResponse(new ConnectError("too many requests", Code.Unavailable));
      busy.set(name, busyOfName + 1);
      busyOfAll += 1;
      try {
        const headers = Object.fromEntries(header);
        const readBody = () => readWhole(body, bodyBytesMax, bodyMsMax);
        return { status: await handle({ name, target, headers, readBody }) };
      } catch (error) {
        if (error instanceof BodyTooLargeError) return statusResponse(tooLarge(), undefined, 413);
        if (error instanceof BodyTooSlowError) return statusResponse(tooSlow(), undefined, 408);
        throw error;
      } finally {
        busyOfAll -= 1;
        const left = (busy.get(name) ?? 0) - 1;
        if (left > 0) busy.set(name, left);
        else busy.delete(name);
      }
    };
}

export type EndpointHandler = (head: RequestHead) => UniversalHandlerFn;

class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

class BodyTooSlowError extends Error {
  override readonly name = "BodyTooSlowError";
}

const tooLarge = (): ConnectError => new ConnectError("the body is too large", Code.ResourceExhausted);
const tooSlow = (): ConnectError => new ConnectError("the body did not come in time", Code.DeadlineExceeded);

/** @throws BodyTooLargeError, BodyTooSlowError */
async function readWhole(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  msMax: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new BodyTooSlowError()), msMax);
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), tooLate.promise]);
      if (next.done === true) return Buffer.concat(chunks);
      bytes += next.value.byteLength;
      if (bytes > bytesMax) throw new BodyTooLargeError();
      chunks.push(next.value);
    }
  } finally {
    clearTimeout(timer);
    // Not waited for: it ends when the next chunk comes, or the connection does. How is of no interest any more.
    iterator.return?.().catch(() => undefined);
  }
}
