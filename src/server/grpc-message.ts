import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

const name = "grpc-message";

/** Up to 9 bytes each. Many clients take no more than 8 KiB of trailers, and Node sends none beyond 64 KiB. */
const charactersMax = 500;

/**
 * Writes `grpc-message` as gRPC has it: only "%" and what is no printable ASCII is percent-encoded (gRPC over
 * HTTP/2, "Percent-Encoded"). Connect encodes ":" and others too; clients that decode by decodeURI, such as
 * grpc-js, would show them as "%3A". What Connect writes for gRPC-Web, in the last frame of the body, stays as it is:
 * its clients decode all of it.
 */
export function withPlainGrpcMessage(response: UniversalServerResponse): UniversalServerResponse {
  rewrite(response.header);
  return response.trailer === undefined ? response : { ...response, body: thenTrailer(response) };
}

/** The trailer is complete once the body is. */
async function* thenTrailer({ body, trailer }: UniversalServerResponse): AsyncIterable<Uint8Array> {
  if (body !== undefined) yield* body;
  rewrite(trailer);
}

function rewrite(headers: Headers | undefined): void {
  const encoded = headers?.get(name) ?? null;
  if (encoded !== null) headers?.set(name, grpcMessage(decodeURIComponent(encoded)));
}

/**
 * A sentence as the value of `grpc-message`: percent-encoded, and cut where it is too long. A space at either end is
 * encoded, too: around the value of a field it does not count (RFC 9110 section 5.5).
 */
export function grpcMessage(sentence: string): string {
  return sentence
    .slice(0, charactersMax)
    .replace(/^ +| +$|[^ -$&-~]+/g, (part) =>
      [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
    );
}
