import { getOption, toJson, type Message, type Registry } from "@bufbuild/protobuf";
import { createHandlerContext } from "@connectrpc/connect";
import {
  assertByteStreamRequest,
  type UniversalHandlerFn,
  type UniversalServerRequest,
} from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout, trailerMux } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { success_status as successStatusOption } from "../../../gen/ringback/options/v1/options_pb.js";
import type { Log } from "../../lib/log.ts";
import { publicError } from "../errors.ts";
import { jsonResponse } from "../http.ts";
import { callUnary, type UnaryMethod } from "../unary.ts";
import type { HttpBinding } from "./http-rule.ts";
import { parseBody, readBody } from "./request-body.ts";
import { statusResponse } from "./status.ts";

export interface TranscoderOptions {
  readonly messageBytesMax: number;
  readonly deadlineMsMax: number;
  readonly shutdownSignal: AbortSignal;
  /** For google.protobuf.Any. */
  readonly registry: Registry;
  readonly log: Log;
}

/**
 * Answers REST requests by calling a unary method: HTTP with JSON in, HTTP with JSON out.
 * What its URL says of the message is expected in the context (`urlFieldsKey`).
 */
export function transcode(
  unary: UnaryMethod,
  binding: HttpBinding,
  options: TranscoderOptions,
): UniversalHandlerFn {
  const { method } = unary.spec;
  const successStatus = getOption(method, successStatusOption) || 200;
  return async (request) => {
    const timeout = timeoutOf(request.header, options.deadlineMsMax);
    const context = createHandlerContext({
      service: method.parent,
      method,
      protocolName: "rest",
      requestMethod: request.method,
      url: request.url,
      requestHeader: request.header,
      requestSignal: request.signal,
      shutdownSignal: options.shutdownSignal,
      ...(timeout.timeoutMs === undefined ? {} : { timeoutMs: timeout.timeoutMs }),
      ...(request.contextValues === undefined ? {} : { contextValues: request.contextValues }),
    });
    try {
      if (timeout.error !== undefined) throw timeout.error;
      const output = await callUnary(unary, context, () => readInput(request));
      const json = toJson(method.output, output, { registry: options.registry });
      return jsonResponse(successStatus, json, trailerMux(context.responseHeader, context.responseTrailer));
    } catch (reason) {
      context.abort(reason);
      return statusResponse(publicError(reason, method, options.log), context.responseHeader);
    } finally {
      context.abort();
    }
  };

  async function readInput(request: UniversalServerRequest): Promise<Message> {
    const { input } = method;
    assertByteStreamRequest(request);
    const bytes = await readBody(request.body, request.header, options.messageBytesMax);
    return parseBody(input, binding.body, bytes, options.registry);
  }
}

function timeoutOf(header: Headers, deadlineMsMax: number): ReturnType<typeof parseGrpcTimeout> {
  return header.has("grpc-timeout")
    ? parseGrpcTimeout(header.get("grpc-timeout"), deadlineMsMax)
    : parseConnectTimeout(header.get("connect-timeout-ms"), deadlineMsMax);
}
