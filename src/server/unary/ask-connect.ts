import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { drainSignalKey } from "../drain.ts";
import { withPlainGrpcMessage } from "../grpc-message.ts";
import type { CallEnvironment } from "./call.ts";
import { type Exchange, joined } from "./exchange.ts";
import { withFields } from "./header-fields.ts";
import { webHeaders } from "./lazy-headers.ts";

/**
 * Lets Connect's own handler answer a request whose body was read already, at least in part: something about
 * it is wrong or unusual, and Connect knows what to say.
 *
 * @param isWhole whether there is more of the body to come
 */
export async function askConnect(
  rpc: UniversalHandler,
  exchange: Exchange,
  chunks: readonly Uint8Array[],
  { drain }: CallEnvironment,
  isWhole: boolean,
): Promise<void> {
  const gone = new AbortController();
  exchange.sink.once("close", () => gone.abort());
  const response = withPlainGrpcMessage(
    await rpc({
      httpVersion: exchange.httpVersion,
      method: exchange.method,
      url: exchange.url,
      header: webHeaders(exchange.headers),
      body: bodyOf(exchange, chunks, isWhole),
      signal: gone.signal,
      contextValues: createContextValues().set(drainSignalKey, drain.drainSignal),
    }),
  );
  const sent: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) sent.push(chunk);
  exchange.answer(
    response.status,
    withFields({}, new Headers(response.header)),
    joined(sent),
    response.trailer && withFields({}, new Headers(response.trailer)),
  );
}

async function* bodyOf(
  { source }: Exchange,
  chunks: readonly Uint8Array[],
  isWhole: boolean,
): AsyncIterable<Uint8Array> {
  yield* chunks;
  if (!isWhole) yield* source.iterator({ destroyOnReturn: false });
}
