import { createContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { drainSignalKey, type Drain } from "./drain.ts";
import type { Exchange } from "./exchange.ts";
import { webHeaders } from "./lazy-headers.ts";

/** A request as Connect's own handlers take it. @throws TypeError if its URL is malformed */
export function universalRequest(
  exchange: Exchange,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  { drainSignal }: Drain,
): UniversalServerRequest {
  return {
    httpVersion: exchange.httpVersion,
    method: exchange.method,
    url: new URL(exchange.url).toString(),
    header: webHeaders(exchange.headers),
    body,
    signal,
    contextValues: createContextValues().set(drainSignalKey, drainSignal),
  };
}

/** Aborted when the client has gone, or the answer is sent. */
export function closeSignal(exchange: Exchange): AbortSignal {
  const gone = new AbortController();
  exchange.onClose(() => gone.abort());
  return gone.signal;
}
