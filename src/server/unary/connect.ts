import type { JsonWriteOptions } from "@bufbuild/protobuf";
import { type Compression, mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  contentTypeUnaryProto,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { answerCompression, compressBytesMin } from "../compression.ts";
import type { UnaryCall } from "./call.ts";
import { withFields } from "../header-fields.ts";
import { muxedHeader } from "./muxed-header.ts";
import type { Serialization, UnaryProtocol } from "./protocol.ts";

export interface ConnectOptions {
  readonly isBinary: boolean;
  /** For the details of errors. */
  readonly jsonOptions: Partial<JsonWriteOptions>;
}

/** Connect's unary calls by POST (https://connectrpc.com/docs/protocol#unary-rpcs). */
export function connect(
  input: Serialization,
  output: Serialization,
  { isBinary, jsonOptions }: ConnectOptions,
): UnaryProtocol {
  const contentType = isBinary ? contentTypeUnaryProto : contentTypeUnaryJson;
  return {
    name: "connect",
    parse(_call, body) {
      try {
        return input.parse(body);
      } catch {
        return undefined;
      }
    },
    answer: (call, message) => send(call, 200, contentType, muxedHeader(call), output.serialize(message)),
    refuse(call, error) {
      const header = muxedHeader(call) ?? new Headers();
      mergeNonProtocolHeaders(header, error.metadata);
      const body = errorToJsonBytes(error, jsonOptions);
      return send(call, codeToHttpStatus(error.code), contentTypeUnaryJson, header, body);
    },
  };
}

function send(
  call: UnaryCall,
  status: number,
  contentType: string,
  header: Headers | undefined,
  body: Uint8Array,
): void | Promise<void> {
  const { exchange } = call;
  const compression =
    body.byteLength < compressBytesMin ? null : answerCompression(exchange.headers["accept-encoding"]);
  if (compression !== null) return sendCompressed(call, status, contentType, header, body, compression);
  const fields = { "content-type": contentType, "content-length": body.byteLength };
  exchange.answer(status, withFields(fields, header), body);
}

async function sendCompressed(
  { exchange }: UnaryCall,
  status: number,
  contentType: string,
  header: Headers | undefined,
  body: Uint8Array,
  { name, compress }: Compression,
): Promise<void> {
  const compressed = await compress(body);
  const fields = {
    "content-type": contentType,
    "content-length": compressed.byteLength,
    "content-encoding": name,
  };
  exchange.answer(status, withFields(fields, header), compressed);
}
