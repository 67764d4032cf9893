import type { OutgoingHttpHeaders } from "node:http";
import type { Message } from "@bufbuild/protobuf";
import { type Compression, compressedFlag } from "@connectrpc/connect/protocol";
import { answerCompression, compressBytesMin } from "../compression.ts";
import type { UnaryCall } from "./call.ts";
import { withFields } from "../header-fields.ts";
import type { Serialization } from "./protocol.ts";

/** What gRPC and gRPC-Web share: a byte of flags, the length, the message ("Length-Prefixed-Message"). */

export const envelopeBytes = 5;

/** The message of a body that is just one frame, and not compressed; undefined for what is anything else. */
export function parseEnveloped({ parse }: Serialization, body: Uint8Array): Message | undefined {
  if (body.byteLength < envelopeBytes || body[0] !== 0) return undefined;
  const [, a = 0, b = 0, c = 0, d = 0] = body;
  const length = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  if (length !== body.byteLength - envelopeBytes) return undefined;
  try {
    return parse(body.subarray(envelopeBytes));
  } catch {
    return undefined;
  }
}

/** @param roomBytes that are left free behind the frame */
export function enveloped(flags: number, message: Uint8Array, roomBytes = 0): Buffer {
  const frame = Buffer.allocUnsafe(envelopeBytes + message.byteLength + roomBytes);
  frame[0] = flags;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, envelopeBytes);
  return frame;
}

/** Hands on a message, compressed where that was agreed on and is worth it. */
export function compressedIfWorth(
  compression: Compression | null,
  message: Uint8Array,
  then: (flags: number, message: Uint8Array) => void,
): void | Promise<void> {
  if (compression === null || message.byteLength < compressBytesMin) return then(0, message);
  return compression.compress(message).then((compressed) => then(compressedFlag, compressed));
}

export function compressionOf({ exchange }: UnaryCall): Compression | null {
  return answerCompression(exchange.headers["grpc-accept-encoding"]);
}

/** The header of an answer, with what the handler set. */
export function headerOf(
  call: UnaryCall,
  base: OutgoingHttpHeaders,
  compression: Compression | null,
): OutgoingHttpHeaders {
  const header = withFields(base, call.setHeader);
  return compression === null ? header : { ...header, "grpc-encoding": compression.name };
}
