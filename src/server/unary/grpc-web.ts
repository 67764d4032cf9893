import type { OutgoingHttpHeaders } from "node:http";
import { contentTypeProto, trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import type { UnaryCall } from "./call.ts";
import { compressedIfWorth, compressionOf, enveloped, headerOf, parseEnveloped } from "./envelope.ts";
import type { Serialization, UnaryProtocol } from "./protocol.ts";
import { statusTrailer } from "./status-trailer.ts";

const okHeader: OutgoingHttpHeaders = Object.freeze({ "content-type": contentTypeProto });
const okTrailer = trailerFrame(new Headers({ "grpc-status": "0" }));

/** gRPC-Web with binary messages (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md). */
export function grpcWeb(input: Serialization, output: Serialization): UnaryProtocol {
  return {
    name: "grpc-web",
    parse: (_call, body) => parseEnveloped(input, body),
    answer(call, message) {
      const compression = compressionOf(call);
      return compressedIfWorth(compression, output.serialize(message), (flags, bytes) => {
        const trailer = okTrailerOf(call);
        const body = enveloped(flags, bytes, trailer.byteLength);
        trailer.copy(body, body.byteLength - trailer.byteLength);
        call.exchange.answer(200, headerOf(call, okHeader, compression), body);
      });
    },
    refuse(call, error) {
      const header = headerOf(call, okHeader, compressionOf(call));
      call.exchange.answer(200, header, trailerFrame(statusTrailer(call, error)));
    },
  };
}

/** The trailer is the last frame of the body. */
function trailerFrame(trailer: Headers): Buffer {
  return enveloped(trailerFlag, trailerSerialize(trailer));
}

function okTrailerOf({ setTrailer }: UnaryCall): Buffer {
  if (setTrailer === undefined) return okTrailer;
  const trailer = new Headers(setTrailer);
  trailer.set("grpc-status", "0");
  return trailerFrame(trailer);
}
