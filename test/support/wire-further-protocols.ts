import { compressionGzip } from "@connectrpc/connect-node";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { createTransport as createConnectOverHttp } from "@connectrpc/connect/protocol-connect";
import { createTransport as createGrpcOverHttp } from "@connectrpc/connect/protocol-grpc";
import type { RestRequest } from "./wire-http-rule.ts";
import { fetchProtocol, httpOptions, http2Protocol, type Protocol } from "./wire-protocols.ts";

/** Rarer ways to say the same. */
export function furtherProtocols(url: string): readonly Protocol[] {
  return [
    grpcWebText(url),
    grpcAtRestPath(url),
    grpcWebAtRestPath(url),
    http2Protocol("Connect, compressed", true, url, (client) =>
      createConnectOverHttp({
        ...httpOptions(url, client),
        sendCompression: compressionGzip,
        acceptCompression: [compressionGzip],
      }),
    ),
  ];
}

const textType = "application/grpc-web-text+proto";
const binaryType = "application/grpc-web+proto";

/** Base64 in both directions. Current clients speak binary only, so one of them talks through a translator. */
function grpcWebText(url: string): Protocol {
  return fetchProtocol("gRPC-Web text", false, (fetch) =>
    createGrpcWebTransport({
      baseUrl: url,
      async fetch(target, init) {
        const headers = withHeaders(init?.headers, { "content-type": textType });
        const body = Buffer.from(bytesOf(init?.body)).toString("base64");
        const response = await fetch(target, { ...init, headers, body });
        if (response.headers.get("content-type") !== textType) throw new Error("not answered in base64");
        return new Response(decodeParts(await response.text()), {
          status: response.status,
          headers: withHeaders(response.headers, { "content-type": binaryType }),
        });
      },
    }),
  );
}

/** Base64 in which every part ends with its padding. */
function decodeParts(text: string): Uint8Array<ArrayBuffer> {
  const parts = (text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, "base64"));
  return Uint8Array.from(Buffer.concat(parts));
}

function bytesOf(body: RequestInit["body"]): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new Error("the client does not send bytes");
}

function grpcAtRestPath(url: string): Protocol {
  return http2Protocol("gRPC at a REST path", false, url, (client, rest) =>
    createGrpcOverHttp(
      httpOptions(url, ({ body, ...request }) => {
        const { httpMethod: method, target } = rest();
        const header = restHeaders(request.header, rest());
        const sent = { ...request, url: url + target, method, header };
        return client(!hasBody(method) || body === undefined ? sent : { ...sent, body });
      }),
    ),
  );
}

function grpcWebAtRestPath(url: string): Protocol {
  return fetchProtocol("gRPC-Web at a REST path", false, (fetch, rest) =>
    createGrpcWebTransport({
      baseUrl: url,
      fetch(_target, init) {
        const { httpMethod: method, target } = rest();
        const headers = restHeaders(init?.headers, rest());
        const body = hasBody(method) ? (init?.body ?? null) : null;
        return fetch(url + target, { ...init, method, headers, body });
      },
    }),
  );
}

/** Node's HTTP/2 client ends a DELETE with its headers, as it does a GET. */
const hasBody = (httpMethod: string): boolean => httpMethod !== "GET" && httpMethod !== "DELETE";

/** Without a body there is no content type; the protocol of the answer stands in Accept. */
function restHeaders(given: RequestInit["headers"], { httpMethod }: RestRequest): Headers {
  const headers = new Headers(given);
  if (hasBody(httpMethod)) return headers;
  headers.set("accept", headers.get("content-type") ?? "");
  headers.delete("content-type");
  return headers;
}

function withHeaders(given: RequestInit["headers"], changes: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(given);
  for (const [name, value] of Object.entries(changes)) headers.set(name, value);
  return headers;
}
