import { setTimeout } from "node:timers/promises";
import { createRegistry, type DescMessage } from "@bufbuild/protobuf";
import { createConnectRouter, type ConnectRouterOptions, type Interceptor } from "@connectrpc/connect";
import {
  createMethodSerializationLookup,
  type UniversalHandlerFn,
  type UniversalHandlerOptions,
  validateReadWriteMaxBytes,
} from "@connectrpc/connect/protocol";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { acceptedCompressions } from "./compression.ts";
import { type CorsOrigins, createCors } from "./cors.ts";
import { createDrain, type Drain } from "./drain.ts";
import { type Endpoint, serveEndpoint } from "./endpoint.ts";
import { keepDeadline, noteDeadline } from "./deadlines.ts";
import { maskErrors, maskGateErrors } from "./errors.ts";
import { healthService } from "./health.ts";
import { jsonResponse } from "./json-response.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { type OnePortOptions, openPort } from "./one-port.ts";
import { reflectionServices } from "./reflection.ts";
import { ReadWatch } from "./read-watch.ts";
import { sharedReadiness } from "./readiness.ts";
import type { Registration } from "./registration.ts";
import type { RequestGate } from "./request-gate.ts";
import { createRequestListener } from "./request-listener.ts";
import { httpBindings } from "./rest/http-rule.ts";
import { mergeUrlFields } from "./rest/url-fields.ts";
import { PathRouter } from "./rest/path-router.ts";
import { transcode } from "./rest/transcoder.ts";
import type { EndpointRoute, RestTarget, Routes, RpcTarget } from "./routes.ts";
import { connect } from "./unary/connect.ts";
import { grpc } from "./unary/grpc.ts";
import { grpcWeb } from "./unary/grpc-web.ts";
import { unaryMethod, type UnarySpec } from "./unary/method.ts";
import { createUnaryPath } from "./unary/path.ts";
import type { UnaryProtocol } from "./unary/protocol.ts";

export interface ServerOptions extends Pick<OnePortOptions, "host" | "port" | "tls" | "log"> {
  /** See `register`. */
  readonly services: readonly Registration[];
  /** Runs before the body of a call is read, in every protocol; not for health and reflection. */
  readonly requestGate: RequestGate;
  /** The first is the outermost. Not for health and reflection. */
  readonly interceptors: readonly Interceptor[];
  /**
   * By full name of a service: prefixes under which the paths of its google.api.http are served,
   * e.g. "/auth/v1". Only as they are written if it is not in the map.
   */
  readonly restPrefixes: ReadonlyMap<string, readonly string[]>;
  /** What errors carry, for reflection. */
  readonly errorDetails: readonly DescMessage[];
  readonly corsOrigins: CorsOrigins;
  /** JSON documents that anybody may GET, by path. */
  readonly documents: ReadonlyMap<string, () => object>;
  /** By the path that they are below, e.g. "/receipts/". */
  readonly endpoints?: ReadonlyMap<string, Endpoint>;
  /** What gRPC health and /readyz answer. */
  readonly isReady: () => boolean | Promise<boolean>;
  /** What differs from `defaultLimits`. */
  readonly limits?: Partial<Limits>;
  /** False lets Connect's own router answer every RPC, to compare with; only streams and oddities if left out. */
  readonly unaryPath?: boolean;
}

export interface RunningServer {
  readonly port: number;
  /** E.g. "http://localhost:8080". */
  readonly url: string;
  /**
   * Takes no more connections and lets calls in flight finish, for `graceMs` at most; then their signals are
   * aborted and the connections that are left are cut. Until its last call is answered, an HTTP/1.1 connection
   * is still served. Resolves when all connections are closed. Handlers hear of the start by `drainSignalKey`.
   * A second shutdown may come with a shorter grace.
   */
  shutdown(graceMs: number): Promise<void>;
}

/** Time for the last answers to leave, once the calls that overran the grace are aborted. */
const lastWordsMs = 250;

/**
 * Serves gRPC, gRPC-Web, Connect and REST on one port, with health and reflection.
 * @throws Error if a google.api.http option is wrong or two methods want one path, or what `listen` throws.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const drain = createDrain();
  const routes = createRoutes(options, limits, drain);
  const cors = createCors(options.corsOrigins, limits.corsMaxAgeMs);
  const forRpcs = options.unaryPath ?? true;
  const readWatch = new ReadWatch(limits.requestTimeoutMs);
  const port = await openPort(
    { ...options, limits },
    createUnaryPath({ routes, cors, drain, limits, log, readWatch, forRpcs }),
    createRequestListener({ routes, cors, drain, limits, log, readWatch }),
  );
  const scheme = options.tls === undefined ? "http" : "https";

  return {
    port: port.port,
    url: `${scheme}://${urlHost(options.host)}:${port.port}`,
    async shutdown(graceMs) {
      drain.begin();
      const closed = port.drain(Math.min(limits.http1LastRequestMs, graceMs));
      if (await isDone(closed, graceMs)) return;
      drain.timeUp();
      if (await isDone(closed, lastWordsMs)) return;
      port.destroy();
      await closed;
    },
  };
}

function createRoutes(options: ServerOptions, limits: Limits, drain: Drain): Routes {
  const { services, log } = options;
  const descriptors = services.map(({ service }) => service);
  // The files bring their messages too, for google.protobuf.Any.
  const registry = createRegistry(...descriptors.map(({ file }) => file));
  const gate = maskGateErrors(noteDeadline(options.requestGate), log);
  const interceptors = [mergeUrlFields, keepDeadline(log), ...options.interceptors];
  // The unary path sees every error itself.
  const masked = [maskErrors(log), ...interceptors];
  const { shutdownSignal } = drain;
  const { deadlineMsMax, messageBytesMax } = limits;

  const connectOptions: ConnectRouterOptions = {
    acceptCompression: acceptedCompressions,
    readMaxBytes: messageBytesMax,
    maxTimeoutMs: deadlineMsMax,
    shutdownSignal,
    jsonOptions: { ignoreUnknownFields: true, registry },
  };
  const guarded = createConnectRouter({ ...connectOptions, requestGate: gate, interceptors: masked });
  for (const { addTo } of services) addTo(guarded);

  const open = createConnectRouter({ ...connectOptions, interceptors: [maskErrors(log)] });
  const names = descriptors.map(({ typeName }) => typeName);
  const isStoreReady = sharedReadiness(options.isReady, limits.readinessHoldsMs);
  const isReady = async () => !drain.drainSignal.aborted && (await isStoreReady());
  healthService(names, isReady, limits).addTo(open);
  const reflected = [...descriptors, Health];
  for (const { addTo } of reflectionServices(reflected, options.errorDetails, limits)) addTo(open);

  const rpcs = new Map([...guarded.handlers, ...open.handlers].map((rpc) => [rpc.requestPath, rpc]));

  const unary = new Map<string, RpcTarget>();
  const rest = new PathRouter<RestTarget>();
  for (const { service, spec: implementation } of services) {
    for (const spec of Object.values(implementation.methods)) {
      const rpc = rpcs.get(`/${service.typeName}/${spec.method.name}`);
      if (spec.kind !== "unary" || rpc === undefined) continue;
      const target = { unary: unaryMethod(spec, gate, interceptors), rpc };
      unary.set(rpc.requestPath, { ...target, protocols: unaryProtocols(spec, connectOptions) });
      for (const prefix of options.restPrefixes.get(service.typeName) ?? [""]) {
        for (const binding of httpBindings(spec.method, prefix)) {
          const transcoder = transcode(spec.method, binding, { messageBytesMax, registry });
          rest.add(binding.httpMethod, binding.template, { ...target, binding, transcoder });
        }
      }
    }
  }
  const endpoints = new Map<string, EndpointRoute>();
  for (const [path, endpoint] of options.endpoints ?? []) {
    endpoints.set(path, { methods: endpoint.methods, handle: serveEndpoint(endpoint) });
  }
  const documents = new Map<string, UniversalHandlerFn>();
  documents.set("/readyz", async () => {
    const ready = await isReady();
    return jsonResponse(ready ? 200 : 503, { ready });
  });
  for (const [path, document] of options.documents) {
    documents.set(path, async () => jsonResponse(200, document()));
  }
  return { rpcs, unary, documents, endpoints, rest };
}

/** How the calls of a method are carried on the unary path, by content type. */
function unaryProtocols(
  { method }: UnarySpec,
  options: Partial<UniversalHandlerOptions>,
): ReadonlyMap<string, UnaryProtocol> {
  const { binaryOptions, jsonOptions = {} } = options;
  const limits = validateReadWriteMaxBytes(options.readMaxBytes, undefined, undefined);
  const serialization = createMethodSerializationLookup(method, binaryOptions, jsonOptions, limits);
  const [input, output] = [serialization.getI(true), serialization.getO(true)];
  const ofGrpc = grpc(input, output);
  const ofGrpcWeb = grpcWeb(input, output);
  const binary = connect(input, output, { isBinary: true, jsonOptions });
  const json = connect(serialization.getI(false), serialization.getO(false), {
    isBinary: false,
    jsonOptions,
  });
  return new Map([
    ["application/grpc", ofGrpc],
    ["application/grpc+proto", ofGrpc],
    ["application/grpc-web", ofGrpcWeb],
    ["application/grpc-web+proto", ofGrpcWeb],
    ["application/proto", binary],
    ["application/json", json],
    ["application/json; charset=utf-8", json],
  ]);
}

function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

async function isDone(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const timeout = setTimeout(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([promise.then(() => true), timeout]);
  timer.abort();
  return done;
}
