import type { ConnectError } from "@connectrpc/connect";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";

export interface Timeout {
  readonly timeoutMs?: number | undefined;
  readonly error?: ConnectError | undefined;
}

/** How long the client waits, in whichever header it says so. @param field gives a field of the request's header */
export function timeoutOf(
  field: (name: "grpc-timeout" | "connect-timeout-ms") => string | null,
  deadlineMsMax: number,
): Timeout {
  const grpc = field("grpc-timeout");
  if (grpc !== null) return parseGrpcTimeout(grpc, deadlineMsMax);
  const connect = field("connect-timeout-ms");
  return connect === null ? noTimeout : parseConnectTimeout(connect, deadlineMsMax);
}

const noTimeout: Timeout = {};
