import type { UniversalHandler, UniversalHandlerFn } from "@connectrpc/connect/protocol";
import type { EndpointHandler } from "./endpoint.ts";
import type { HttpBinding } from "./rest/http-rule.ts";
import type { PathRouter } from "./rest/path-router.ts";
import type { UnaryMethod } from "./unary/method.ts";
import type { UnaryProtocol } from "./unary/protocol.ts";

/** A unary method, and Connect's handler for what the unary path does not understand. */
export interface UnaryTarget {
  readonly unary: UnaryMethod;
  readonly rpc: UniversalHandler;
}

/** A unary method at its own path. */
export interface RpcTarget extends UnaryTarget {
  /** By content type. */
  readonly protocols: ReadonlyMap<string, UnaryProtocol>;
}

/** A REST path: the same method as REST, and as Connect's handler for the gRPC protocols. */
export interface RestTarget extends UnaryTarget {
  readonly binding: HttpBinding;
  readonly transcoder: UnaryProtocol;
}

/** A path below which plain HTTP is answered. */
export interface EndpointRoute {
  readonly methods: readonly string[];
  readonly handle: EndpointHandler;
}

export interface Routes {
  /** By path. */
  readonly rpcs: ReadonlyMap<string, UniversalHandler>;
  /** Those that are unary, by path. */
  readonly unary: ReadonlyMap<string, RpcTarget>;
  /** What anybody may GET, by path. */
  readonly documents: ReadonlyMap<string, UniversalHandlerFn>;
  /** By the path that they are below, e.g. "/receipts/". */
  readonly endpoints: ReadonlyMap<string, EndpointRoute>;
  readonly rest: PathRouter<RestTarget>;
}
