/**
 * The floor: node:http2 (its stream API) with a constant gRPC answer, and node:http with a constant JSON answer.
 * It does not even wait for the request to be complete.
 */
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { constantMethods } from "./answers.ts";
import { reportTo } from "./control.ts";
import { listen } from "./listen.ts";

const frames = new Map(constantMethods.map(({ path, binary }) => [path, grpcFrame(binary)]));
const texts = new Map(constantMethods.map(({ path, json }) => [path, Buffer.from(json)]));

function grpcFrame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const responseHeaders = { ":status": 200, "content-type": "application/grpc" };
const trailers = { "grpc-status": "0" };
const wantTrailers = { waitForTrailers: true };

const http2 = createHttp2Server();
http2.on("stream", (stream, headers) => {
  stream.respond(responseHeaders, wantTrailers);
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(frames.get(headers[":path"] ?? ""));
  stream.resume();
});

const http1 = createHttp1Server((request, response) => {
  const text = texts.get(request.url ?? "");
  response.writeHead(200, { "content-type": "application/json", "content-length": text?.length ?? 0 });
  response.end(text);
});

reportTo({ http1: await listen(http1), http2: await listen(http2) });
