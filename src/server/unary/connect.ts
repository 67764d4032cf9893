import type { JsonWriteOptions } from "@bufbuild/protobuf";
import { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  contentTypeUnaryProto,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { answerCompression, compressBytesMin } from "./answer-compression.ts";
import type { UnaryCall } from "./call.ts";
import { muxedHeader, withFields } from "./header-fields.ts";
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
  { exchange }: UnaryCall,
  status: number,
  contentType: string,
  header: Headers | undefined,
  body: Uint8Array,
): void | Promise<void> {
  const compression =
    body.byteLength < compressBytesMin ? null : answerCompression(exchange.headers["accept-encoding"]);
  if (compression === null) {
    const fields = { "content-type": contentType, "content-length": body.byteLength };
    exchange.answer(status, withFields(fields, header), body);
    return;
  }
  return compression.compress(body).then((compressed) => {
    const fields = {
      "content-type": contentType,
      "content-length": compressed.byteLength,
      "content-encoding": compression.name,
    };
    exchange.answer(status, withFields(fields, header), compressed);
  });
}
