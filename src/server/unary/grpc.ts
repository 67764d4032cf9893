import type { OutgoingHttpHeaders } from "node:http";
import { contentTypeProto } from "@connectrpc/connect/protocol-grpc";
import { compressedIfWorth, compressionOf, enveloped, headerOf, parseEnveloped } from "./envelope.ts";
import { withFields } from "../header-fields.ts";
import type { Serialization, UnaryProtocol } from "./protocol.ts";
import { statusTrailer } from "./status-trailer.ts";

const okHeader: OutgoingHttpHeaders = Object.freeze({ "content-type": contentTypeProto });
const okTrailer: OutgoingHttpHeaders = Object.freeze({ "grpc-status": "0" });

/** gRPC over HTTP/2 with binary messages (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
export function grpc(input: Serialization, output: Serialization): UnaryProtocol {
  return {
    name: "grpc",
    parse: (_call, body) => parseEnveloped(input, body),
    answer(call, message) {
      const compression = compressionOf(call);
      return compressedIfWorth(compression, output.serialize(message), (flags, bytes) => {
        const header = headerOf(call, okHeader, compression);
        call.exchange.answer(200, header, enveloped(flags, bytes), withFields(okTrailer, call.setTrailer));
      });
    },
    refuse(call, error) {
      const header = headerOf(call, okHeader, compressionOf(call));
      call.exchange.answer(200, header, undefined, withFields({}, statusTrailer(call, error)));
    },
  };
}
