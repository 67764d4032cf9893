import type { IncomingHttpHeaders } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import type { Log } from "../../lib/log.ts";
import { atTurnEnd } from "../../lib/turn-end.ts";
import type { Cors } from "../cors.ts";
import { publicError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { urlFieldsKey, urlFieldsOf } from "../rest/url-fields.ts";
import type { PathMatch } from "../rest/path-router.ts";
import { grpcContentType, pathOf } from "../request-head.ts";
import type { RestTarget, Routes, UnaryTarget } from "../routes.ts";
import { type CallEnvironment, UnaryCall } from "./call.ts";
import { envelopeBytes } from "./envelope.ts";
import { type Exchange, joined } from "../exchange.ts";
import { messageOf } from "./method.ts";
import type { UnaryProtocol } from "./protocol.ts";
import type { ReadWatch } from "../read-watch.ts";
import { askConnect } from "./ask-connect.ts";

export interface UnaryPathOptions extends CallEnvironment {
  readonly readWatch: ReadWatch;
  readonly routes: Routes;
  readonly cors: Cors;
  readonly limits: Limits;
  readonly log: Log;
  /** Whether RPCs go this way too, and not only REST. */
  readonly forRpcs: boolean;
}

/**
 * The short way of a unary call: one message in, one message out, nothing made that nobody asks for.
 *
 * @returns false if the request is not understood here; nothing was done with it then
 */
export type UnaryPath = (exchange: Exchange) => boolean;

export function createUnaryPath(options: UnaryPathOptions): UnaryPath {
  const { routes, cors, limits, log, forRpcs, readWatch: watch } = options;
  /** The last host that was one: nearly all calls name the same. */
  let goodHost = "localhost";

  return (exchange) => {
    if (!hasHost(exchange)) return false;
    const path = pathOf(exchange.target);
    const rpc = routes.unary.get(path);
    if (rpc !== undefined) {
      const protocol = forRpcs ? rpc.protocols.get(exchange.headers["content-type"] ?? "") : undefined;
      if (protocol === undefined || !isPlainCall(exchange, protocol) || isTooLarge(exchange)) return false;
      const timeout = timeoutOf(exchange.headers, protocol, limits.deadlineMsMax);
      begin(callOf(exchange, rpc, protocol, timeout.timeoutMs), rpc, protocol, timeout.error);
      return true;
    }
    const match = restMatch(exchange, path);
    if (match === undefined) return false;
    serveRest(exchange, match);
    return true;
  };

  function hasHost({ headers, target }: Exchange): boolean {
    if (!target.startsWith("/") && !URL.canParse(target)) return false;
    const host = String(headers[":authority"] || headers.host || goodHost);
    if (host !== goodHost && URL.canParse(`http://${host}`)) goodHost = host;
    return host === goodHost;
  }

  function restMatch(exchange: Exchange, path: string): PathMatch<RestTarget> | undefined {
    const { method, headers, target } = exchange;
    if (routes.rpcs.has(path) || routes.documents.has(path)) return undefined;
    const { "content-type": contentType, accept } = headers;
    if (grpcContentType({ method, target, contentType, accept }) !== undefined) return undefined;
    try {
      return routes.rest.match(method === "HEAD" ? "GET" : method, path);
    } catch {
      return undefined; // a broken path, of which the router tells
    }
  }

  function serveRest(exchange: Exchange, match: PathMatch<RestTarget>): void {
    const { target } = exchange;
    const question = target.indexOf("?");
    const query = question === -1 ? "" : target.slice(question + 1);
    const { transcoder } = match.value;
    const timeout = timeoutOf(exchange.headers, transcoder, limits.deadlineMsMax);
    const call = callOf(exchange, match.value, transcoder, timeout.timeoutMs);
    call.values.set(urlFieldsKey, urlFieldsOf(match, query));
    begin(call, match.value, transcoder, isTooLarge(exchange) ? transcoder.tooLarge?.() : timeout.error);
  }

  /** By its own word. */
  function isTooLarge({ headers }: Exchange): boolean {
    return Number(headers["content-length"] ?? 0) > limits.messageBytesMax + envelopeBytes;
  }

  function callOf(
    exchange: Exchange,
    { unary }: UnaryTarget,
    { name: protocolName }: UnaryProtocol,
    timeoutMs: number | undefined,
  ): UnaryCall {
    exchange.extraHeaders = cors.headersFor(exchange.headers.origin);
    return new UnaryCall({
      method: unary.spec.method,
      protocolName,
      exchange,
      timeoutMs,
      environment: options,
    });
  }

  /**
   * First the gate, so that what it refuses is never read, and strangers learn no more than that.
   *
   * @param refusal of what the header says, if it is refused
   */
  function begin(
    call: UnaryCall,
    target: UnaryTarget,
    protocol: UnaryProtocol,
    refusal: ConnectError | undefined,
  ): void {
    watch.begin(call.exchange);
    const refuseUnread = (reason: unknown): void => {
      watch.leave(call.exchange);
      void refuse(call, protocol, reason);
    };
    const proceed = (): void =>
      refusal === undefined ? read(call, target, protocol) : refuseUnread(refusal);
    try {
      const gated = target.unary.gate(call);
      if (gated === undefined) return proceed();
      gated.then(proceed, refuseUnread);
    } catch (reason) {
      refuseUnread(reason);
    }
  }

  function read(call: UnaryCall, target: UnaryTarget, protocol: UnaryProtocol): void {
    const { exchange } = call;
    exchange.readWhole(limits.messageBytesMax + envelopeBytes, (chunks, isWhole) => {
      if (chunks === undefined || isWhole) watch.end(exchange);
      else watch.leave(exchange);
      if (chunks === undefined) return call.finish();
      // Calls that came together, on whatever connections, are carried out side by side.
      atTurnEnd(() => {
        // A client may take a call back as soon as it has sent it (CVE-2023-44487).
        if (exchange.isGone) call.finish();
        else void answer(call, target, protocol, chunks, isWhole);
      });
    });
  }

  /** Never rejects. */
  async function answer(
    call: UnaryCall,
    { unary, rpc }: UnaryTarget,
    protocol: UnaryProtocol,
    chunks: readonly Uint8Array[],
    isWhole: boolean,
  ): Promise<void> {
    try {
      const input = parse(call, protocol, isWhole ? joined(chunks) : undefined);
      if (input === undefined) {
        await askConnect(rpc, call.exchange, chunks, options, isWhole);
      } else {
        const response = await unary.invoke(call, input instanceof Promise ? await input : input);
        // What cannot be written down is an error too.
        await protocol.answer(call, messageOf(call, response));
      }
      call.finish();
    } catch (reason) {
      await refuse(call, protocol, reason);
    }
  }

  /** @param body undefined if there is more of it than any message needs */
  function parse(
    call: UnaryCall,
    protocol: UnaryProtocol,
    body: Uint8Array | undefined,
  ): ReturnType<UnaryProtocol["parse"]> {
    const isTooLong = body === undefined || body.byteLength > limits.messageBytesMax;
    if (isTooLong && protocol.tooLarge !== undefined) throw protocol.tooLarge();
    return body && protocol.parse(call, body);
  }

  /** Never rejects. */
  async function refuse(call: UnaryCall, protocol: UnaryProtocol, reason: unknown): Promise<void> {
    try {
      await protocol.refuse(call, publicError(reason, call.method, log));
    } catch (error) {
      log.error("a request failed unexpectedly", { method: call.method.toString(), error });
      call.exchange.cancel();
    } finally {
      call.abort(reason);
    }
  }
}

/** Whether a call is of the kind that is understood here: by POST, and nothing in it is compressed. */
function isPlainCall({ method, httpVersion, headers }: Exchange, { name }: UnaryProtocol): boolean {
  if (method !== "POST") return false;
  switch (name) {
    case "grpc":
      return httpVersion === "2" && isIdentity(headers["grpc-encoding"]);
    case "grpc-web":
      return isIdentity(headers["grpc-encoding"]);
    default:
      return isIdentity(headers["content-encoding"]);
  }
}

function isIdentity(encoding: string | string[] | undefined): boolean {
  return encoding === undefined || encoding === "identity";
}

interface Timeout {
  readonly timeoutMs?: number | undefined;
  readonly error?: ConnectError | undefined;
}

/** Each protocol has its header; REST, which has none, takes both. */
function timeoutOf(headers: IncomingHttpHeaders, { name }: UnaryProtocol, deadlineMsMax: number): Timeout {
  const { "grpc-timeout": grpc, "connect-timeout-ms": connect } = headers;
  if (grpc !== undefined && name !== "connect") return parseGrpcTimeout(String(grpc), deadlineMsMax);
  if (connect !== undefined && (name === "connect" || name === "rest")) {
    return parseConnectTimeout(String(connect), deadlineMsMax);
  }
  return noTimeout;
}

const noTimeout: Timeout = {};
