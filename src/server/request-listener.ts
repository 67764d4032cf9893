import type { OutgoingHttpHeaders } from "node:http";
import { constants } from "node:http2";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import {
  createDeadlineSignal,
  createLinkedAbortController,
  type UniversalServerRequest,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import type { Log } from "../lib/log.ts";
import { type Cors, preflightOrigin } from "./cors.ts";
import { drainSignalKey, type Drain } from "./drain.ts";
import { withPlainGrpcMessage } from "./grpc-message.ts";
import type { NodeRequest, NodeResponse, RequestListener } from "./http.ts";
import type { Limits } from "./limits.ts";
import { statusResponse } from "./rest/status.ts";
import { findRoute, type Route } from "./router.ts";
import type { Routes } from "./routes.ts";

export interface RequestListenerOptions {
  readonly routes: Routes;
  readonly cors: Cors;
  readonly drain: Drain;
  readonly limits: Limits;
  readonly log: Log;
}

/** The way of every request: CORS, route, handler, answer. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { routes, cors, drain, limits, log } = options;

  return (request, response) => {
    // Without listeners, a client that goes in the middle of a request or of its answer would end the process.
    request.on("error", (error) => log.debug("a request broke off", { error }));
    response.on("error", (error) => log.debug("an answer could not be sent", { error }));
    leaveBodyAfterAnswer(request, response);
    answer(request, response)
      .then((universal) => universalResponseToNodeResponse(askedFor(request, universal), response))
      .catch((reason: unknown) => fail(request, response, reason));
  };

  async function answer(request: NodeRequest, response: NodeResponse): Promise<UniversalServerResponse> {
    const preflight = preflightOrigin(request.method, request.headers);
    if (preflight !== undefined) {
      const { status, headers } = cors.preflight(preflight);
      setHeaders(response, headers);
      return { status };
    }
    setHeaders(response, cors.headersFor(request.headers.origin));

    const route = findRoute(routes, {
      method: request.method ?? "",
      target: request.url ?? "",
      contentType: request.headers["content-type"],
      accept: request.headers.accept,
    });
    // HTTP/1.0, which simple probes speak, names none. (Node asks for it in HTTP/1.1.)
    if (!("stream" in request)) request.headers.host ??= "localhost";
    let universal: UniversalServerRequest;
    try {
      const contextValues = createContextValues().set(drainSignalKey, drain.drainSignal);
      universal = universalRequestFromNodeRequest(request, response, undefined, contextValues);
    } catch {
      return statusResponse(
        new ConnectError("the target or the Host of the request is malformed", Code.InvalidArgument),
      );
    }
    limitBodyTime(request, route);
    const answered = await route.handle({
      ...universal,
      body: readBody(request),
      signal: limitCallTime(universal.signal, response, route),
    });
    return withPlainGrpcMessage(answered);
  }

  /** HTTP/1.1 has its own watch over this. */
  function limitBodyTime(request: NodeRequest, route: Route): void {
    const isStream = route.kind === "bidi_streaming" || route.kind === "client_streaming";
    if (!("stream" in request) || isStream) return;
    const timer = setTimeout(() => request.stream.close(constants.NGHTTP2_CANCEL), limits.requestTimeoutMs);
    request.once("end", () => clearTimeout(timer));
    request.once("close", () => clearTimeout(timer));
  }

  function limitCallTime(signal: AbortSignal, response: NodeResponse, route: Route): AbortSignal {
    if (route.kind !== "unary") return signal;
    const deadline = createDeadlineSignal(limits.callTimeoutMs);
    response.once("close", deadline.cleanup);
    return createLinkedAbortController(signal, deadline.signal).signal;
  }

  function fail(request: NodeRequest, response: NodeResponse, reason: unknown): void {
    const isGone = "stream" in response ? response.stream.closed : response.destroyed;
    if (isGone) {
      log.debug("the client had gone before its answer", { method: request.method, error: reason });
      return;
    }
    log.error("a request failed unexpectedly", { method: request.method, error: reason });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    universalResponseToNodeResponse(
      statusResponse(new ConnectError("internal error", Code.Internal)),
      response,
    ).catch(() => response.destroy());
  }
}

/** Node ends the stream of a HEAD with the header of its answer: nothing can be written behind it. */
function askedFor({ method }: NodeRequest, answer: UniversalServerResponse): UniversalServerResponse {
  if (method !== "HEAD") return answer;
  const { body: _body, trailer: _trailer, ...head } = answer;
  return head;
}

function setHeaders(response: NodeResponse, headers: OutgoingHttpHeaders = {}): void {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
}

async function* readBody(request: NodeRequest): AsyncIterable<Uint8Array> {
  try {
    // Leaving off in the middle of a body must not destroy the connection: the answer is still to be sent.
    yield* request.iterator({ destroyOnReturn: false });
    // Node ends the body of an HTTP/2 stream that was reset or lost, as if all of it were there.
    if ("stream" in request && request.stream.closed) throw new Error("the stream closed before its end");
  } catch (reason) {
    throw new ConnectError("the request broke off", Code.Canceled, undefined, undefined, reason);
  }
}

/**
 * What is left of a body when its answer is complete is read, for as long as a request may take: on HTTP/1.1 it
 * is in the way of the next request, on HTTP/2 the client would wait for ever to get rid of it.
 */
function leaveBodyAfterAnswer(request: NodeRequest, response: NodeResponse): void {
  const written = "stream" in request ? request.stream : response;
  written.once("finish", () => request.resume());
}
