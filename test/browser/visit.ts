import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Opens `page.ts` in a real browser, on an origin of its own, and hears from it how it went. */

export const ways = ["gRPC-Web", "Connect", "REST"] as const;

/** What the page knows. */
export interface Given {
  readonly way: (typeof ways)[number];
  /** Of the server that it calls. */
  readonly url: string;
  readonly userToken: string;
  readonly adminToken: string;
  readonly phoneNumber: string;
  /** No SMS goes there. */
  readonly nobodysNumber: string;
}

export interface Refusal {
  readonly code: string;
  /** Of the rule. */
  readonly id?: string | undefined;
  readonly retryAfter?: string | undefined;
}

export type Outcome =
  | {
      readonly isVerified: boolean;
      readonly wrong: Refusal | undefined;
      readonly paused: Refusal | undefined;
      readonly late: Refusal | undefined;
      /** The text of a message that was streamed. */
      readonly watched?: string | undefined;
    }
  | { readonly failed: string };

const root = fileURLToPath(new URL("../../", import.meta.url));
const protobuf = "/node_modules/@bufbuild/protobuf/dist/esm";
const connect = "/node_modules/@connectrpc/connect/dist/esm";
const validate = "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** Where the browser finds what modules import by name. */
const imports = {
  "@bufbuild/protobuf": `${protobuf}/index.js`,
  "@bufbuild/protobuf/codegenv2": `${protobuf}/codegenv2/index.js`,
  "@bufbuild/protobuf/wire": `${protobuf}/wire/index.js`,
  "@bufbuild/protobuf/wkt": `${protobuf}/wkt/index.js`,
  [validate]: "/node_modules/@bufbuild/protovalidate/dist/esm/gen/buf/validate/validate_pb.js",
  "@connectrpc/connect": `${connect}/index.js`,
  "@connectrpc/connect/protocol": `${connect}/protocol/index.js`,
  "@connectrpc/connect/protocol-connect": `${connect}/protocol-connect/index.js`,
  "@connectrpc/connect/protocol-grpc-web": `${connect}/protocol-grpc-web/index.js`,
  "@connectrpc/connect-web": "/node_modules/@connectrpc/connect-web/dist/esm/index.js",
};

const html = `<!doctype html>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  import("/test/browser/page.ts").catch((error) =>
    fetch("/outcome", { method: "POST", body: JSON.stringify({ failed: String(error) }) }),
  );
</script>`;

/** A browser on a busy machine takes a while to start. */
const visitMsMax = 60_000;

/** Serves the page and its modules. */
export class PageServer {
  readonly port: number;
  readonly #http: ReturnType<typeof createServer>;
  #given: Given | undefined;
  #outcome = Promise.withResolvers<Outcome>();

  private constructor(http: ReturnType<typeof createServer>, port: number) {
    this.#http = http;
    this.port = port;
  }

  static async start(): Promise<PageServer> {
    const http = createServer();
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = http.address();
    if (address === null || typeof address === "string") throw new Error("the page has no port");
    const server = new PageServer(http, address.port);
    http.on("request", async (request, response) => {
      const path = request.url ?? "";
      if (path === "/outcome") server.#outcome.resolve((await json(request)) as Outcome); // of page.ts
      const answer = await server.#answer(path);
      const [status, type, body] = answer;
      response.writeHead(status, { "content-type": type }).end(body);
    });
    return server;
  }

  /** @param host under which the page is opened: with it, the origin is another */
  async visit(browser: string, given: Given, host = "127.0.0.1"): Promise<Outcome> {
    this.#given = given;
    this.#outcome = Promise.withResolvers();
    const profile = await mkdtemp(join(tmpdir(), "ringback-browser-"));
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--ignore-certificate-errors",
    ];
    const quiet = [
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ];
    const url = `http://${host}:${this.port}/`;
    const child = spawn(browser, [...flags, ...quiet, `--user-data-dir=${profile}`, url], {
      stdio: "ignore",
      timeout: visitMsMax,
      killSignal: "SIGKILL",
    });
    try {
      return await Promise.race([this.#outcome.promise, endOf(child)]);
    } finally {
      child.kill();
      await endOf(child).catch(() => {});
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    }
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(path: string): Promise<readonly [status: number, type: string, body: string]> {
    if (path === "/") return [200, "text/html", html];
    if (path === "/given") return [200, "application/json", JSON.stringify(this.#given)];
    if (path === "/outcome") return [200, "application/json", "{}"];
    if (!/^\/(gen|node_modules|test\/browser)\/[\w@/.-]+$/.test(path) || path.includes("..")) {
      return [404, "text/plain", ""];
    }
    const source = await readFile(join(root, path), "utf8");
    return [200, "text/javascript", path.endsWith(".ts") ? stripTypeScriptTypes(source) : source];
  }
}

async function endOf(child: ChildProcess): Promise<never> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  throw new Error("the browser ended before the page was done");
}
