import { Code, ConnectError } from "@connectrpc/connect";
import {
  createDeadlineSignal,
  createLinkedAbortController,
  type UniversalServerRequest,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import type { Log } from "../lib/log.ts";
import { type Cors, preflightOrigin } from "./cors.ts";
import type { Drain } from "./drain.ts";
import type { Exchange } from "./exchange.ts";
import { withPlainGrpcMessage } from "./grpc-message.ts";
import type { Limits } from "./limits.ts";
import type { ReadWatch } from "./read-watch.ts";
import { statusResponse } from "./rest/status.ts";
import { findRoute, type Route } from "./router.ts";
import type { Routes } from "./routes.ts";
import { closeSignal, universalRequest } from "./universal-request.ts";

export interface RequestListenerOptions {
  readonly routes: Routes;
  readonly cors: Cors;
  readonly drain: Drain;
  readonly limits: Limits;
  readonly readWatch: ReadWatch;
  readonly log: Log;
}

export type RequestListener = (exchange: Exchange) => void;

/** The way of every request: CORS, route, handler, answer. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { routes, cors, drain, limits, readWatch, log } = options;

  return (exchange) => {
    answer(exchange)
      .then((response) => exchange.send(response))
      .catch((reason: unknown) => fail(exchange, reason));
  };

  async function answer(exchange: Exchange): Promise<UniversalServerResponse> {
    const { method, target, headers } = exchange;
    const preflight = preflightOrigin(method, headers);
    if (preflight !== undefined) {
      const { status, headers: allowed } = cors.preflight(preflight);
      exchange.extraHeaders = allowed;
      return { status };
    }
    exchange.extraHeaders = cors.headersFor(headers.origin);

    const route = findRoute(routes, {
      method,
      target,
      contentType: headers["content-type"],
      accept: headers.accept,
    });
    let request: UniversalServerRequest;
    try {
      request = universalRequest(exchange, readBody(exchange), limitCallTime(exchange, route), drain);
    } catch {
      return statusResponse(
        new ConnectError("the target or the Host of the request is malformed", Code.InvalidArgument),
      );
    }
    limitBodyTime(exchange, route);
    return withPlainGrpcMessage(await route.handle(request));
  }

  function limitBodyTime(exchange: Exchange, { kind }: Route): void {
    if (kind === "bidi_streaming" || kind === "client_streaming") return;
    readWatch.begin(exchange);
    readWatch.leave(exchange);
  }

  function limitCallTime(exchange: Exchange, { kind }: Route): AbortSignal {
    const signal = closeSignal(exchange);
    if (kind !== "unary") return signal;
    const deadline = createDeadlineSignal(limits.callTimeoutMs);
    exchange.onClose(deadline.cleanup);
    return createLinkedAbortController(signal, deadline.signal).signal;
  }

  function fail(exchange: Exchange, reason: unknown): void {
    const { method } = exchange;
    if (exchange.isGone) {
      log.debug("the client had gone before its answer", { method, error: reason });
      return;
    }
    log.error("a request failed unexpectedly", { method, error: reason });
    if (exchange.isAnswerBegun) {
      exchange.cancel();
      return;
    }
    exchange
      .send(statusResponse(new ConnectError("internal error", Code.Internal)))
      .catch(() => exchange.cancel());
  }
}

async function* readBody(exchange: Exchange): AsyncIterable<Uint8Array> {
  try {
    yield* exchange.body();
  } catch (reason) {
    throw new ConnectError("the request broke off", Code.Canceled, undefined, undefined, reason);
  }
}
