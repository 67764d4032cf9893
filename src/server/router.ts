import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import {
  assertByteStreamRequest,
  createAsyncIterable,
  type UniversalHandler,
  type UniversalHandlerFn,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { grpcWebText, isGrpcWebText } from "./grpc-web-text.ts";
import { jsonResponse } from "./json-response.ts";
import { grpcContentType, isGrpc, pathOf, type RequestHead } from "./request-head.ts";
import type { PathMatch } from "./rest/path-router.ts";
import { statusResponse } from "./rest/status.ts";
import { urlFieldsKey, urlFieldsOf } from "./rest/url-fields.ts";
import type { RestTarget, Routes } from "./routes.ts";

export interface Route {
  readonly kind: DescMethod["methodKind"];
  readonly handle: UniversalHandlerFn;
}

/**
 * Finds who answers a request; for what nobody answers, a handler that says so in the client's protocol.
 * HEAD is answered as GET, without the body.
 */
export function findRoute(routes: Routes, head: RequestHead): Route {
  const { contentType, target } = head;
  const path = pathOf(target);
  const rpc = routes.rpcs.get(path);
  if (rpc !== undefined) {
    const handle = rpcHandler(rpc, contentType);
    return { kind: rpc.method.methodKind, handle: withoutUntold(handle, contentType, path) };
  }

  try {
    return { kind: "unary", handle: withoutUntold(findByPath(routes, head, path), contentType, path) };
  } catch (reason) {
    if (!(reason instanceof ConnectError)) throw reason;
    return { kind: "unary", handle: refuse(reason, contentType, path) };
  }
}

function findByPath(routes: Routes, head: RequestHead, path: string): UniversalHandlerFn {
  const method = head.method === "HEAD" ? "GET" : head.method;
  const document = routes.documents.get(path);
  if (document !== undefined && method === "GET") return document;

  const endpoint = routes.endpoints.get(path.slice(0, path.lastIndexOf("/") + 1));
  if (endpoint?.methods.includes(head.method)) return endpoint.handle(head);

  const match = routes.rest.match(method, path);
  if (match !== undefined) {
    const contentType = grpcContentType(head);
    // Everything else at a REST path goes the unary way.
    if (contentType !== undefined) return rpcAtRestPath(match, contentType);
  }

  const allowed =
    endpoint?.methods ?? withHead(document !== undefined ? ["GET"] : routes.rest.methodsOf(path));
  if (allowed.length === 0) {
    const error = new ConnectError(`there is nothing at ${path}`, Code.NotFound);
    return refuse(error, head.contentType, path);
  }
  const error = new ConnectError(`${path} does not answer ${head.method}`, Code.Unimplemented);
  return refuse(error, head.contentType, path, allowed);
}

function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes("GET") ? [...methods, "HEAD"] : methods;
}

// ------------------------------------------------------------------------------------ gRPC and Connect

function rpcHandler(rpc: UniversalHandler, contentType: string | undefined): UniversalHandlerFn {
  if (isGrpcWebText(contentType)) return grpcWebText(rpc);
  const methods = rpc.allowedMethods.join(", ");
  const types = rpc.method.methodKind === "unary" ? unaryContentTypes : streamContentTypes;
  return async (request) => {
    const response = await rpc(request);
    // Connect's router answers these two without a word.
    if (response.status === 405) return refusedRequest(405, `${rpc.requestPath} answers ${methods}`, methods);
    if (response.status === 415) return refusedRequest(415, `the content-type must be ${types}`);
    return response;
  };
}

const unaryContentTypes =
  "application/json, application/proto, application/grpc, application/grpc-web or application/grpc-web-text";
const streamContentTypes = unaryContentTypes.replaceAll(/(?<=application\/)(?=json|proto)/g, "connect+");

/**
 * As text: no protocol has an error for a request that is in none, and JSON would be taken for one of Connect.
 * @param allow HTTP methods that the path does answer
 */
function refusedRequest(status: number, message: string, allow?: string): UniversalServerResponse {
  const header = new Headers({ "content-type": "text/plain; charset=utf-8" });
  if (allow !== undefined) header.set("allow", allow);
  return { status, header, body: createAsyncIterable([Buffer.from(`${message}\n`)]) };
}

function isGrpcWeb(contentType: string): boolean {
  return contentType.toLowerCase().startsWith("application/grpc-web");
}

/** Calls the method in a gRPC protocol; its message is what the body holds, and then the fields of the URL. */
function rpcAtRestPath(match: PathMatch<RestTarget>, contentType: string): UniversalHandlerFn {
  const { rpc } = match.value;
  const handle: UniversalHandlerFn = (request) => {
    assertByteStreamRequest(request);
    return rpc({ ...request, body: orEmptyMessage(request.body) });
  };
  const decoded = isGrpcWebText(contentType) ? grpcWebText(handle) : handle;
  return (request) => {
    const header = new Headers(request.header);
    header.set("content-type", contentType);
    const url = new URL(rpc.requestPath, request.url).toString();
    const contextValues = request.contextValues ?? createContextValues();
    contextValues.set(urlFieldsKey, urlFieldsOf(match, new URL(request.url).search.slice(1)));
    return decoded({ ...request, method: "POST", url, header, contextValues });
  };
}

/** A body of no bytes at all becomes a frame without a payload. */
async function* orEmptyMessage(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let isEmpty = true;
  for await (const chunk of body) {
    if (chunk.byteLength > 0) isEmpty = false;
    yield chunk;
  }
  if (isEmpty) yield new Uint8Array(5);
}

// --------------------------------------------------------------------------------------------- refusals

const halfCharacter = new ConnectError("the JSON holds half of a character", Code.InvalidArgument);

/** In gRPC Connect throws where its sentence about a JSON would hold half of a character of it (connect 2.2.0). */
function withoutUntold(
  handle: UniversalHandlerFn,
  contentType: string | undefined,
  path: string,
): UniversalHandlerFn {
  return async (request) => {
    try {
      return await handle(request);
    } catch (reason) {
      if (!(reason instanceof URIError)) throw reason;
      return refuse(halfCharacter, contentType, path)(request);
    }
  };
}

/** `/package.Service/Method`: what only a gRPC or Connect client asks for. */
const rpcPath = /^\/\w+(?:\.\w+)+\/\w+$/;

/** @param allowed HTTP methods that the path does answer. */
function refuse(
  error: ConnectError,
  contentType: string | undefined,
  path: string,
  allowed?: readonly string[],
): UniversalHandlerFn {
  return async (): Promise<UniversalServerResponse> => {
    if (contentType !== undefined && isGrpc(contentType)) {
      // gRPC has no "not found" for methods.
      const code = error.code === Code.NotFound ? Code.Unimplemented : error.code;
      const status = setTrailerStatus(new Headers(), new ConnectError(error.rawMessage, code));
      const header = new Headers({ "content-type": contentType });
      const body = createAsyncIterable<Uint8Array>([]);
      if (!isGrpcWeb(contentType)) return { status: 200, header, body, trailer: status };
      // gRPC-Web has no HTTP trailers; without a message the status may stand in the header.
      status.forEach((value, name) => header.set(name, value));
      return { status: 200, header, body };
    }
    if (rpcPath.test(path)) {
      const unimplemented = new ConnectError(error.rawMessage, Code.Unimplemented);
      return jsonResponse(404, errorToJson(unimplemented, undefined));
    }
    if (allowed === undefined) return statusResponse(error);
    return statusResponse(error, new Headers({ allow: allowed.join(", ") }), 405);
  };
}
