import { create, type DescMethodUnary, type DescService, isMessage, type Message } from "@bufbuild/protobuf";
import type {
  ContextValues,
  HandlerContext,
  Interceptor,
  MethodImplSpec,
  StreamResponse,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import type { RequestGate } from "../request-gate.ts";
import { callOf, type UnaryCall } from "./call.ts";

/** What an interceptor wraps. */
type Next = Parameters<Interceptor>[0];

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;

/** A unary method with everything that stands around its implementation. */
export interface UnaryMethod {
  readonly spec: UnarySpec;
  /** Runs before the body is read. */
  readonly gate: RequestGate;
  /** Message in, interceptors, implementation, response out. */
  readonly invoke: (call: UnaryCall, input: Message) => ReturnType<Next>;
}

/** @param interceptors the first is the outermost; they are put together once, for all calls */
export function unaryMethod(
  spec: UnarySpec,
  gate: RequestGate,
  interceptors: readonly Interceptor[],
): UnaryMethod {
  const { method } = spec;

  async function innermost(request: UnaryRequest): Promise<UnaryResponse> {
    const call = callOf(request.contextValues);
    const output = await spec.impl(request.message, contextOf(call, request));
    const message = isMessage(output, method.output) ? output : create(method.output, output);
    return responseOf(call, message);
  }

  const outermost = interceptors.reduceRight<Next>(
    (next, interceptor) => interceptor(next),
    (request) => {
      if (request.stream) throw new Error(`${method.toString()} is no stream`);
      return innermost(request);
    },
  );

  return {
    spec,
    gate,
    invoke: (call, input) => outermost((call.request = new CallRequest(call, input))),
  };
}

/** What is answered, once the headers that interceptors put around it are the call's. */
export function messageOf(call: UnaryCall, response: UnaryResponse | StreamResponse): Message {
  if (response.stream) throw new Error(`an interceptor made a stream of ${call.method.toString()}`);
  if (response !== call.response) takeHeaders(call, response);
  return response.message;
}

/** What interceptors see of a call. */
class CallRequest implements UnaryRequest {
  readonly stream = false;
  readonly service: DescService;
  readonly method: DescMethodUnary;
  readonly requestMethod: string;
  readonly url: string;
  readonly header: Headers;
  readonly contextValues: ContextValues;
  readonly message: Message;

  constructor(call: UnaryCall, message: Message) {
    this.service = call.service;
    this.method = call.method;
    this.requestMethod = call.requestMethod;
    this.url = call.url;
    this.header = call.requestHeader;
    this.contextValues = call.values;
    this.message = message;
  }

  /** Made when it is asked for. An interceptor that copies the request without it leaves the call's own. */
  get signal(): AbortSignal {
    return callOf(this.contextValues).signal;
  }
}

/** What interceptors put in the place of the request's parts is what the implementation sees. */
function contextOf(call: UnaryCall, request: UnaryRequest): HandlerContext {
  if (request === call.request) return call;
  return {
    service: call.service,
    method: call.method,
    protocolName: call.protocolName,
    requestMethod: call.requestMethod,
    url: call.url,
    timeoutMs: call.timeoutMs,
    responseHeader: call.responseHeader,
    responseTrailer: call.responseTrailer,
    requestHeader: request.header,
    // Missing in a copy of the request.
    signal: "signal" in request ? request.signal : call.signal,
    values: request.contextValues,
  };
}

function responseOf(call: UnaryCall, message: Message): UnaryResponse {
  return (call.response = {
    stream: false,
    service: call.service,
    method: call.method,
    message,
    header: call.responseHeader,
    trailer: call.responseTrailer,
  });
}

function takeHeaders(call: UnaryCall, { header, trailer }: UnaryResponse): void {
  copy(header, call.responseHeader);
  copy(trailer, call.responseTrailer);
}

function copy(from: Headers, to: Headers): void {
  if (from === to) return;
  const names = [...to.keys()];
  for (const name of names) to.delete(name);
  for (const [name, value] of from) to.set(name, value);
}
