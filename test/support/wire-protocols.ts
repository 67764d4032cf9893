import {
  create,
  createRegistry,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type Any, AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createNodeHttpClient, Http2SessionManager } from "@connectrpc/connect-node";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import type { CommonTransportOptions, UniversalClientFn } from "@connectrpc/connect/protocol";
import { createTransport as createConnectOverHttp } from "@connectrpc/connect/protocol-connect";
import * as grpc from "@grpc/grpc-js";
import { type ErrorDetail, ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import { type RestRequest, restRequest } from "./wire-http-rule.ts";

/** One way to call the server. */
export interface Protocol {
  readonly name: string;
  /** Whether an error has an HTTP status of its own; if not, the status is always 200. */
  readonly hasErrorStatus: boolean;
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer<O>>;
  close(): void;
}

export interface Answer<O extends DescMessage = DescMessage> {
  readonly result: Result<O>;
  /** Undefined where the client keeps it to itself. */
  readonly httpStatus: number | undefined;
}

export type Result<O extends DescMessage> =
  { readonly message: MessageShape<O> } | { readonly error: WireError };

/** An error as its protocol tells it. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  /** Every `zitadel.v1.ErrorDetail` that came along. */
  readonly details: readonly Pick<ErrorDetail, "id" | "message">[];
}

/** The five protocols of the table. */
export function protocols(url: string): readonly Protocol[] {
  return [
    grpcJs(url),
    fetchProtocol("gRPC-Web", false, (fetch) => createGrpcWebTransport({ baseUrl: url, fetch })),
    connectProto(url),
    fetchProtocol("Connect JSON", true, (fetch) =>
      createConnectTransport({ baseUrl: url, useBinaryFormat: false, fetch }),
    ),
    rest(url),
  ];
}

// ------------------------------------------------------------------------------------------------ gRPC

function grpcJs(url: string): Protocol {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  return {
    name: "gRPC",
    hasErrorStatus: false,
    async call<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      input: MessageInitShape<I>,
      headers: Readonly<Record<string, string>>,
    ): Promise<Answer<O>> {
      const metadata = new grpc.Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      const { promise, resolve, reject } = Promise.withResolvers<Result<O> | grpc.ServiceError>();
      client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes) => fromBinary(method.output, bytes),
        create(method.input, input),
        metadata,
        (error, message) => {
          if (message !== undefined) resolve({ message });
          else if (error === null) reject(new Error("neither a message nor an error"));
          else resolve(error);
        },
      );
      const result = await promise;
      return {
        result: result instanceof Error ? { error: grpcError(result) } : result,
        httpStatus: undefined,
      };
    },
    close: () => client.close(),
  };
}

function grpcError({ code, details: message, metadata }: grpc.ServiceError): WireError {
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array)) return { code, message, details: [] };
  const status = readStatus(bytes);
  if (status.code !== code || status.message !== message) {
    throw new Error(`grpc-status says ${code} "${message}", but its details ${JSON.stringify(status)}`);
  }
  return status;
}

/** google.rpc.Status. */
function readStatus(bytes: Uint8Array): WireError {
  const reader = new BinaryReader(bytes);
  let code = 0;
  let message = "";
  const details: WireError["details"][number][] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) code = reader.int32();
    else if (field === 2) message = reader.string();
    else if (field === 3) details.push(errorDetail(fromBinary(AnySchema, reader.bytes())));
    else reader.skip(wireType);
  }
  return { code, message, details };
}

// -------------------------------------------------------------------------------- gRPC-Web and Connect

/**
 * A protocol of Connect's own clients over fetch.
 * @param rest what REST would make of the call
 */
export function fetchProtocol(
  name: string,
  hasErrorStatus: boolean,
  transportOver: (fetch: typeof globalThis.fetch, rest: () => RestRequest) => Transport,
): Protocol {
  return {
    name,
    hasErrorStatus,
    async call(method, input, headers) {
      let httpStatus: number | undefined;
      const recordingFetch: typeof fetch = async (target, init) => {
        const response = await fetch(target, init);
        httpStatus = response.status;
        return response;
      };
      const transport = transportOver(recordingFetch, () => restRequest(method, input));
      return { result: await callTransport(transport, method, input, headers), httpStatus };
    },
    close() {},
  };
}

/** The same over HTTP/2, with prior knowledge. */
export function http2Protocol(
  name: string,
  hasErrorStatus: boolean,
  url: string,
  transportOver: (client: UniversalClientFn, rest: () => RestRequest) => Transport,
): Protocol {
  const session = new Http2SessionManager(url);
  const client = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => session });
  return {
    name,
    hasErrorStatus,
    async call(method, input, headers) {
      let httpStatus: number | undefined;
      const recordingClient: UniversalClientFn = async (request) => {
        const response = await client(request);
        httpStatus = response.status;
        return response;
      };
      const transport = transportOver(recordingClient, () => restRequest(method, input));
      return { result: await callTransport(transport, method, input, headers), httpStatus };
    },
    close: () => session.abort(),
  };
}

/** Connect in binary over HTTP/2. */
export function connectProto(url: string): Protocol {
  return http2Protocol("Connect proto", true, url, (client) =>
    createConnectOverHttp(httpOptions(url, client)),
  );
}

export function httpOptions(baseUrl: string, httpClient: UniversalClientFn): CommonTransportOptions {
  return {
    baseUrl,
    httpClient,
    useBinaryFormat: true,
    interceptors: [],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 0,
    readMaxBytes: 2 ** 20,
    writeMaxBytes: 2 ** 24,
  };
}

async function callTransport<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  headers: Readonly<Record<string, string>>,
): Promise<Result<O>> {
  try {
    const { message } = await transport.unary(method, undefined, undefined, headers, input);
    return { message };
  } catch (reason) {
    if (!(reason instanceof ConnectError)) throw reason;
    const details = reason.findDetails(ErrorDetailSchema).map(({ id, message }) => ({ id, message }));
    return { error: { code: reason.code, message: reason.rawMessage, details } };
  }
}

// ------------------------------------------------------------------------------------------------ REST

function rest(url: string): Protocol {
  return {
    name: "REST",
    hasErrorStatus: true,
    async call(method, input, headers) {
      const { httpMethod, target, body } = restRequest(method, input);
      const response = await fetch(url + target, {
        method: httpMethod,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const json = (await response.json()) as JsonValue; // that is what JSON gives
      const result = response.ok ? { message: fromJson(method.output, json) } : { error: restError(json) };
      return { result, httpStatus: response.status };
    },
    close() {},
  };
}

/** @throws Error unless it is google.rpc.Status in JSON, with details that are known */
function restError(json: JsonValue): WireError {
  if (!isObject(json)) throw new Error(`not an error of REST: ${JSON.stringify(json)}`);
  const { code, message, details, ...others } = json;
  const isComplete = typeof code === "number" && typeof message === "string" && Array.isArray(details);
  if (!isComplete || Object.keys(others).length > 0) {
    throw new Error(`not an error of REST: ${JSON.stringify(json)}`);
  }
  const registry = createRegistry(ErrorDetailSchema);
  return {
    code,
    message,
    details: details.map((any) => errorDetail(fromJson(AnySchema, any, { registry }))),
  };
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function errorDetail(any: Any): WireError["details"][number] {
  const detail = anyUnpack(any, ErrorDetailSchema);
  if (detail === undefined) throw new Error(`the detail ${any.typeUrl} is no zitadel.v1.ErrorDetail`);
  return { id: detail.id, message: detail.message };
}
