import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { createAsyncIterable, type UniversalServerResponse } from "@connectrpc/connect/protocol";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;
export type RequestListener = (request: NodeRequest, response: NodeResponse) => void;

const encoder = new TextEncoder();

/** An answer with a JSON body. `header` is changed and becomes the header of the answer. */
export function jsonResponse(
  status: number,
  value: unknown,
  header: Headers = new Headers(),
): UniversalServerResponse {
  const body = encoder.encode(JSON.stringify(value));
  header.set("content-type", "application/json");
  header.set("content-length", String(body.byteLength));
  return { status, header, body: createAsyncIterable([body]) };
}
