import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";

/** What a method of a service does. */
type Implementation<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: HandlerContext,
) => Promise<MessageInitShape<O>> | MessageInitShape<O>;

/**
 * Lets a method of one generation answer for the same method of another, whose messages have the same numbers
 * on the wire: v2beta is v2 under another name.
 */
export function carry<
  FromI extends DescMessage,
  FromO extends DescMessage,
  ToI extends DescMessage,
  ToO extends DescMessage,
>(
  beta: DescMethodUnary<FromI, FromO>,
  stable: DescMethodUnary<ToI, ToO>,
  implementation: Implementation<ToI, ToO>,
): (request: MessageShape<FromI>, context: HandlerContext) => Promise<MessageShape<FromO>> {
  return async (request, context) => {
    const asked = fromBinary(stable.input, toBinary(beta.input, request));
    const answered = create(stable.output, await implementation(asked, context));
    return fromBinary(beta.output, toBinary(stable.output, answered));
  };
}
