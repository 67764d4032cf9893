import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { withPlainGrpcMessage } from "../grpc-message.ts";
import type { CallEnvironment } from "./call.ts";
import { type Exchange, joined } from "../exchange.ts";
import { fieldsOf } from "../header-fields.ts";
import { closeSignal, universalRequest } from "../universal-request.ts";

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
  const request = universalRequest(exchange, bodyOf(exchange, chunks, isWhole), closeSignal(exchange), drain);
  const response = withPlainGrpcMessage(await rpc(request));
  const sent: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) sent.push(chunk);
  exchange.answer(
    response.status,
    fieldsOf(response.header),
    joined(sent),
    response.trailer && fieldsOf(response.trailer),
  );
}

async function* bodyOf(
  exchange: Exchange,
  chunks: readonly Uint8Array[],
  isWhole: boolean,
): AsyncIterable<Uint8Array> {
  yield* chunks;
  if (!isWhole) yield* exchange.body();
}
