import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext, Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import type { RequestGate } from "./errors.ts";

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;

/** A unary method with everything that stands around its implementation. */
export interface UnaryMethod {
  readonly spec: UnarySpec;
  readonly gate: RequestGate;
  /** The first is the outermost. */
  readonly interceptors: Interceptor[];
}

/**
 * A unary call, from whatever protocol: gate, message in, interceptors, implementation, message out.
 * Headers and trailers of the answer are left in the context.
 * @param readInput is called only after the gate has let the call pass.
 */
export async function callUnary(
  { spec, gate, interceptors }: UnaryMethod,
  context: HandlerContext,
  readInput: () => Message | Promise<Message>,
): Promise<Message> {
  await gate(context);
  return invokeUnaryImplementation(spec, context, await readInput(), interceptors);
}
