/**
 * A server under test of the Connect conformance suite: reads a ServerCompatRequest from standard input, starts a
 * server that fits, and says where it is by a ServerCompatResponse on standard output. Both are prefixed by their
 * size. The suite starts it by `node server.ts ours|stock [--unary-path=off]` and ends it by SIGTERM.
 */
import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { buffer } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { create, createRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { compressionBrotli, compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { HTTPVersion, type TLSCreds } from "../../.conformance/gen/connectrpc/conformance/v1/config_pb.js";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
  type ServerCompatRequest,
} from "../../.conformance/gen/connectrpc/conformance/v1/server_compat_pb.js";
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service,
} from "../../.conformance/gen/connectrpc/conformance/v1/service_pb.js";
import { createLog } from "../../src/lib/log.ts";
import { register } from "../../src/server/registration.ts";
import { startServer } from "../../src/server/server.ts";
import { conformance } from "./service.ts";

const host = "127.0.0.1";
const prefixBytes = 4;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { "unary-path": { type: "string", default: "on" } },
});
const request = fromBinary(ServerCompatRequestSchema, (await buffer(process.stdin)).subarray(prefixBytes));
const port = await (positionals[0] === "stock" ? startStock(request) : startOurs(request));

const response = create(ServerCompatResponseSchema, { host, port });
if (request.serverCreds !== undefined) response.pemCert = request.serverCreds.cert;
const bytes = toBinary(ServerCompatResponseSchema, response);
const prefix = Buffer.alloc(prefixBytes);
prefix.writeUInt32BE(bytes.length);
process.stdout.write(Buffer.concat([prefix, bytes]));

/** Ringback's server. @returns its port. */
async function startOurs({ serverCreds, messageReceiveLimit }: ServerCompatRequest): Promise<number> {
  const server = await startServer({
    host,
    port: 0,
    ...(serverCreds && { tls: pem(serverCreds) }),
    services: [register(ConformanceService, conformance)],
    requestGate() {},
    interceptors: [],
    errorDetails: [],
    restPrefixes: new Map(),
    corsOrigins: [],
    documents: new Map(),
    isReady: () => true,
    log: createLog("error"),
    ...(messageReceiveLimit > 0 && { limits: { messageBytesMax: messageReceiveLimit } }),
    unaryPath: values["unary-path"] !== "off",
  });
  return server.port;
}

/** Connect's own, as it is. @returns its port. */
async function startStock(compat: ServerCompatRequest): Promise<number> {
  const { httpVersion, serverCreds, messageReceiveLimit } = compat;
  const adapter = connectNodeAdapter({
    routes: (router) => router.service(ConformanceService, conformance),
    acceptCompression: [compressionGzip, compressionBrotli],
    jsonOptions: { registry: createRegistry(file_connectrpc_conformance_v1_service) },
    ...(messageReceiveLimit > 0 && { readMaxBytes: messageReceiveLimit }),
  });
  const tls = serverCreds && pem(serverCreds);
  const createServer = () => {
    if (httpVersion === HTTPVersion.HTTP_VERSION_1) {
      return tls ? createHttpsServer(tls, adapter) : createHttp1Server(adapter);
    }
    return tls ? createSecureServer(tls, adapter) : createHttp2Server(adapter);
  };
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

function pem({ cert, key }: TLSCreds): { cert: string; key: string } {
  return { cert: Buffer.from(cert).toString(), key: Buffer.from(key).toString() };
}
