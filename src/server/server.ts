import { setTimeout } from "node:timers/promises";
import { createRegistry } from "@bufbuild/protobuf";
import {
  createConnectRouter,
  type ConnectRouterOptions,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import type { Log } from "../lib/log.ts";
import { createCors } from "./cors.ts";
import { createDrain, type Drain } from "./drain.ts";
import { maskErrors, maskGateErrors } from "./errors.ts";
import { healthService } from "./health.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { openPort } from "./one-port.ts";
import { reflectionServices } from "./reflection.ts";
import type { Registration } from "./registration.ts";
import { createRequestListener } from "./request-listener.ts";
import { httpBindings } from "./rest/http-rule.ts";
import { mergeUrlFields } from "./rest/url-fields.ts";
import { PathRouter } from "./rest/path-router.ts";
import { transcode } from "./rest/transcoder.ts";
import type { RestTarget, Routes } from "./router.ts";
import type { UnarySpec } from "./unary.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  /** PEM. Without it the server speaks cleartext. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** See `register`. */
  readonly services: readonly Registration[];
  /** Runs before the body of a call is read, in every protocol; not for health and reflection. */
  readonly requestGate: (context: HandlerContext) => void | Promise<void>;
  /** The first is the outermost. Not for health and reflection. */
  readonly interceptors: readonly Interceptor[];
  /**
   * By full name of a service: prefixes under which the paths of its google.api.http are served,
   * e.g. "/auth/v1". Only as they are written if it is not in the map.
   */
  readonly restPrefixes: ReadonlyMap<string, readonly string[]>;
  /** Exact origins, or "*". */
  readonly corsOrigins: readonly string[];
  /** JSON documents that anybody may GET, by path. */
  readonly documents: ReadonlyMap<string, () => object>;
  /** What gRPC health answers. */
  readonly isReady: () => boolean;
  readonly log: Log;
  /** What differs from `defaultLimits`. */
  readonly limits?: Partial<Limits>;
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
  const port = await openPort(
    { ...options, limits },
    createRequestListener({ routes, cors, drain, limits, log }),
  );
  const scheme = options.tls === undefined ? "http" : "https";

  return {
    port: port.port,
    url: `${scheme}://${urlHost(options.host)}:${port.port}`,
    async shutdown(graceMs) {
      drain.begin();
      const closed = port.drain();
      if (await isDone(closed, graceMs)) return;
      drain.timeUp();
      if (await isDone(closed, lastWordsMs)) return;
      port.destroy();
      await closed;
    },
  };
}

function createRoutes(options: ServerOptions, limits: Limits, drain: Drain): Routes {
  const { services, documents, log } = options;
  const descriptors = services.map(({ service }) => service);
  const registry = createRegistry(...descriptors);
  const gate = maskGateErrors(options.requestGate, log);
  const interceptors = [mergeUrlFields, maskErrors(log), ...options.interceptors];
  const { shutdownSignal } = drain;
  const { deadlineMsMax, messageBytesMax } = limits;

  const connectOptions: ConnectRouterOptions = {
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: messageBytesMax,
    maxTimeoutMs: deadlineMsMax,
    shutdownSignal,
    jsonOptions: { ignoreUnknownFields: true, registry },
  };
  const guarded = createConnectRouter({ ...connectOptions, requestGate: gate, interceptors });
  for (const { addTo } of services) addTo(guarded);

  const open = createConnectRouter({ ...connectOptions, interceptors: [maskErrors(log)] });
  const names = descriptors.map(({ typeName }) => typeName);
  healthService(names, options.isReady, limits.healthWatchIntervalMs).addTo(open);
  for (const { addTo } of reflectionServices([...descriptors, Health])) addTo(open);

  const rpcs = new Map([...guarded.handlers, ...open.handlers].map((rpc) => [rpc.requestPath, rpc]));

  const rest = new PathRouter<RestTarget>();
  const transcoderOptions = { messageBytesMax, deadlineMsMax, shutdownSignal, registry, log };
  for (const { spec, prefix, rpc } of restMethods(services, options.restPrefixes, rpcs)) {
    const unary = { spec, gate, interceptors };
    for (const binding of httpBindings(spec.method, prefix)) {
      const target = { binding, rpc, transcode: transcode(unary, binding, transcoderOptions) };
      rest.add(binding.httpMethod, binding.template, target);
    }
  }
  return { rpcs, documents, rest };
}

/** The methods that REST can call, once for each prefix of their service. */
function* restMethods(
  services: readonly Registration[],
  prefixes: ServerOptions["restPrefixes"],
  rpcs: Routes["rpcs"],
): Iterable<{ spec: UnarySpec; prefix: string; rpc: UniversalHandler }> {
  for (const { service, spec: implementation } of services) {
    for (const spec of Object.values(implementation.methods)) {
      const rpc = rpcs.get(`/${service.typeName}/${spec.method.name}`);
      if (spec.kind !== "unary" || rpc === undefined) continue;
      for (const prefix of prefixes.get(service.typeName) ?? [""]) yield { spec, prefix, rpc };
    }
  }
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
