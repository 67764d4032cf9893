import { Code, ConnectError } from "@connectrpc/connect";
import { assertByteStreamRequest, type UniversalHandlerFn } from "@connectrpc/connect/protocol";
import { originForm, type RequestHead } from "./request-head.ts";
import { statusResponse } from "./rest/status.ts";

/** Answers plain HTTP requests for everything directly below a path, e.g. what a provider calls back. */
export interface Endpoint {
  readonly methods: readonly string[];
  /** A longer body is refused. */
  readonly bodyBytesMax: number;
  /** As many requests are read at a time; more are refused for the moment. */
  readonly concurrentMax: number;
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
export function serveEndpoint({ bodyBytesMax, concurrentMax, handle }: Endpoint): EndpointHandler {
  let busy = 0;
  return ({ target: anyTarget }) =>
    async (request) => {
      assertByteStreamRequest(request);
      const { header, body } = request;
      if (Number(header.get("content-length") ?? 0) > bodyBytesMax)
        return statusResponse(tooLarge(), undefined, 413);
      if (busy >= concurrentMax)
        return statusResponse(new ConnectError("too many requests", Code.Unavailable));
      busy += 1;
      try {
        const target = originForm(anyTarget);
        const [path = ""] = target.split("?", 1);
        const name = path.slice(path.lastIndexOf("/") + 1);
        const headers = Object.fromEntries(header);
        return {
          status: await handle({ name, target, headers, readBody: () => readWhole(body, bodyBytesMax) }),
        };
      } catch (error) {
        if (error instanceof BodyTooLargeError) return statusResponse(tooLarge(), undefined, 413);
        throw error;
      } finally {
        busy -= 1;
      }
    };
}

export type EndpointHandler = (head: RequestHead) => UniversalHandlerFn;

class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

const tooLarge = (): ConnectError => new ConnectError("the body is too large", Code.ResourceExhausted);

/** @throws BodyTooLargeError */
async function readWhole(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
