import { type DescMethodUnary, getOption, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { success_status as successStatusOption } from "../../../gen/ringback/options/v1/options_pb.js";
import type { UnaryCall } from "../unary/call.ts";
import { withFields } from "../header-fields.ts";
import { muxedHeader } from "../unary/muxed-header.ts";
import type { UnaryProtocol } from "../unary/protocol.ts";
import type { HttpBinding } from "./http-rule.ts";
import { decodeBody, parseBody } from "./request-body.ts";
import { statusOf } from "./status.ts";

export interface TranscoderOptions {
  readonly messageBytesMax: number;
  /** For google.protobuf.Any. */
  readonly registry: Registry;
}

/**
 * Answers REST requests by calling a unary method: HTTP with JSON in, HTTP with JSON out.
 * What its URL says of the message is expected in the context (`urlFieldsKey`).
 */
export function transcode(
  method: DescMethodUnary,
  binding: HttpBinding,
  { messageBytesMax, registry }: TranscoderOptions,
): UnaryProtocol {
  const successStatus = getOption(method, successStatusOption) || 200;

  function parse(bytes: Uint8Array): Message {
    return parseBody(method.input, binding.body, bytes, registry);
  }

  return {
    name: "rest",
    parse(call, body) {
      const encoding = call.exchange.headers["content-encoding"];
      return encoding === undefined
        ? parse(body)
        : decodeBody(body, encoding, messageBytesMax).then((decoded) => parse(decoded));
    },
    tooLarge: () =>
      new ConnectError(`the body is larger than ${messageBytesMax} bytes`, Code.ResourceExhausted),
    answer(call, output) {
      send(call, successStatus, muxedHeader(call), toJson(method.output, output, { registry }));
    },
    refuse(call, error) {
      const header = call.setHeader ?? new Headers();
      const { status, json } = statusOf(error, header);
      send(call, status, header, json);
    },
  };
}

function send({ exchange }: UnaryCall, status: number, header: Headers | undefined, json: unknown): void {
  const body = Buffer.from(JSON.stringify(json));
  const fields = { "content-type": "application/json", "content-length": body.byteLength };
  exchange.answer(status, withFields(fields, header), body);
}
