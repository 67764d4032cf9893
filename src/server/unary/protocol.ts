import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { UnaryCall } from "./call.ts";

/** How one protocol carries the calls of one method: what it understands of a request, and how it answers. */
export interface UnaryProtocol {
  /** As in Connect's contexts, e.g. "grpc-web". */
  readonly name: string;
  /**
   * The message of a body; undefined if Connect's own handler shall look at this body, and say what is wrong.
   * @throws ConnectError if there is nothing else to say
   */
  parse(call: UnaryCall, body: Uint8Array): Message | undefined | Promise<Message>;
  /** What to say to a body that is too large; Connect's own handler says it if this is left out. */
  readonly tooLarge?: () => ConnectError;
  answer(call: UnaryCall, output: Message): void | Promise<void>;
  refuse(call: UnaryCall, error: ConnectError): void | Promise<void>;
}

/** Reads and writes the messages of one method, as Connect's handlers do. */
export interface Serialization {
  parse(bytes: Uint8Array): Message;
  serialize(message: Message): Uint8Array;
}
