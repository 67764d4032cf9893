import { createAsyncIterable, type UniversalServerResponse } from "@connectrpc/connect/protocol";

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
