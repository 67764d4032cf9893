import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { grpcMessage } from "../grpc-message.ts";
import type { UnaryCall } from "./call.ts";

/** How gRPC and gRPC-Web tell an error: in the trailer. */
export function statusTrailer({ setTrailer }: UnaryCall, error: ConnectError): Headers {
  const trailer = new Headers(setTrailer);
  setTrailerStatus(trailer, error);
  // Connect encodes more than gRPC has it (see grpc-message.ts).
  trailer.set("grpc-message", grpcMessage(error.rawMessage));
  return trailer;
}
