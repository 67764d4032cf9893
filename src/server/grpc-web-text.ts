import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { assertByteStreamRequest, type UniversalHandlerFn } from "@connectrpc/connect/protocol";

/**
 * gRPC-Web in base64, for browsers that cannot read binary streams: a wrapper around the binary protocol.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export function grpcWebText(handler: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => {
    assertByteStreamRequest(request);
    const response = await handler({
      ...request,
      header: replaceContentType(request.header, "application/grpc-web-text", "application/grpc-web"),
      body: decodeBase64(request.body),
    });
    if (response.header === undefined || response.body === undefined) return response;
    return {
      ...response,
      header: replaceContentType(response.header, "application/grpc-web", "application/grpc-web-text"),
      body: encodeBase64(response.body),
    };
  };
}

export function isGrpcWebText(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith("application/grpc-web-text") ?? false;
}

function replaceContentType(header: Headers, from: string, to: string): Headers {
  const changed = new Headers(header);
  changed.set("content-type", to + (header.get("content-type") ?? "").slice(from.length));
  return changed;
}

/** The text may be several base64 texts in a row, each with its padding, and cut anywhere by the network. */
async function* decodeBase64(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let rest = "";
  for await (const chunk of body) {
    const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    const length = text.length - (text.length % 4);
    rest = text.slice(length);
    if (length > 0) yield decodeGroups(text.slice(0, length));
  }
  if (rest !== "") throw invalid("it ends within a group of four characters");
}

const base64Groups = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)*$/;

function decodeGroups(text: string): Uint8Array {
  if (!base64Groups.test(text)) throw invalid("it holds characters or padding that do not belong there");
  return base64Decode(text);
}

function invalid(reason: string): ConnectError {
  return new ConnectError(
    `the body of a grpc-web-text request must be base64, but ${reason}`,
    Code.InvalidArgument,
  );
}

const encoder = new TextEncoder();

async function* encodeBase64(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    yield encoder.encode(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("base64"));
  }
}
