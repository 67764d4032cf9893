import { setTimeout } from "node:timers/promises";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  ConformancePayload_RequestInfoSchema,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
  type ClientStreamRequest,
  type ConformancePayloadSchema,
  type ConformanceService,
  type Error as ErrorDefinition,
  type Header,
  type StreamResponseDefinition,
  type UnaryResponseDefinition,
} from "../../.conformance/gen/connectrpc/conformance/v1/service_pb.js";

type Payload = MessageInitShape<typeof ConformancePayloadSchema>;
type RequestInfo = MessageInitShape<typeof ConformancePayload_RequestInfoSchema>;

/**
 * Answers what each request asks to be answered, as connectrpc/conformance/v1/service.proto has it. `Unimplemented`
 * is left out on purpose.
 */
export const conformance: Omit<ServiceImpl<typeof ConformanceService>, "unimplemented"> = {
  unary: (request, context) =>
    answerOnce(request.responseDefinition, context, pack(UnaryRequestSchema, [request])),

  idempotentUnary: (request, context) =>
    answerOnce(request.responseDefinition, context, pack(IdempotentUnaryRequestSchema, [request])),

  async clientStream(incoming, context) {
    const requests: ClientStreamRequest[] = [];
    for await (const request of incoming) requests.push(request);
    return answerOnce(requests[0]?.responseDefinition, context, pack(ClientStreamRequestSchema, requests));
  },

  async *serverStream(request, context) {
    const definition = request.responseDefinition;
    setMetadata(definition, context);
    yield* answerRest(definition, 0, requestInfo(context, pack(ServerStreamRequestSchema, [request])));
  },

  async *bidiStream(incoming, context) {
    const requests = incoming[Symbol.asyncIterator]();
    const first = await requests.next();
    if (first.done === true) return;
    const definition = first.value.responseDefinition;
    setMetadata(definition, context);

    let unanswered = [first.value];
    let answered = 0;
    const info = () => requestInfo(context, pack(BidiStreamRequestSchema, unanswered));
    while (true) {
      if (first.value.fullDuplex) {
        const data = definition?.responseData[answered];
        if (data === undefined) break;
        await setTimeout(definition?.responseDelayMs);
        yield { payload: { data, requestInfo: info() } };
        answered++;
        unanswered = [];
      }
      const next = await requests.next();
      if (next.done === true) break;
      unanswered.push(next.value);
    }
    yield* answerRest(definition, answered, info());
  },
};

/** What is left to send of a stream from the answer with the index `from` on, and its error. */
async function* answerRest(
  definition: StreamResponseDefinition | undefined,
  from: number,
  info: RequestInfo,
): AsyncIterable<{ payload: Payload }> {
  const { responseData = [], responseDelayMs = 0, error } = definition ?? {};
  for (const [index, data] of responseData.entries()) {
    if (index < from) continue;
    await setTimeout(responseDelayMs);
    yield { payload: index === 0 ? { data, requestInfo: info } : { data } };
  }
  if (error !== undefined) throw asked(error, responseData.length === 0 ? info : undefined);
}

async function answerOnce(
  definition: UnaryResponseDefinition | undefined,
  context: HandlerContext,
  requests: Any[],
): Promise<{ payload: Payload }> {
  setMetadata(definition, context);
  const info = requestInfo(context, requests);
  await setTimeout(definition?.responseDelayMs);
  const response = definition?.response;
  if (response?.case === "error") throw asked(response.value, info);
  return {
    payload: {
      requestInfo: info,
      ...(response?.case === "responseData" && { data: response.value }),
    },
  };
}

/** The error that a request asks for, with what the server saw of the request as a detail. */
function asked({ code, message, details }: ErrorDefinition, info: RequestInfo | undefined): ConnectError {
  // Both enumerations have the numbers of gRPC.
  const number: number = code;
  const error = new ConnectError(message ?? "", number);
  error.details.push(
    ...details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value })),
  );
  if (info !== undefined) error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  return error;
}

function requestInfo(context: HandlerContext, requests: Any[]): RequestInfo {
  const timeoutMs = context.timeoutMs();
  return {
    requestHeaders: entries(context.requestHeader),
    requests,
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(timeoutMs) }),
    ...(context.requestMethod === "GET" && {
      connectGetInfo: { queryParams: entries(new URL(context.url).searchParams) },
    }),
  };
}

function entries(values: Headers | URLSearchParams): { name: string; value: string[] }[] {
  return [...values].map(([name, value]) => ({ name, value: [value] }));
}

function setMetadata(
  definition: UnaryResponseDefinition | StreamResponseDefinition | undefined,
  context: HandlerContext,
): void {
  append(definition?.responseHeaders, context.responseHeader);
  append(definition?.responseTrailers, context.responseTrailer);
}

function append(headers: Header[] = [], target: Headers): void {
  for (const { name, value } of headers) for (const one of value) target.append(name, one);
}

function pack<T extends DescMessage>(schema: T, messages: MessageShape<T>[]): Any[] {
  return messages.map((message) => anyPack(schema, message));
}
