import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { TokenService } from "../../gen/ringback/token/v1/token_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { build, type Ringback } from "../../src/build.ts";
import { readConfig } from "../../src/config/config.ts";
import { silentLog } from "../../src/lib/log.ts";
import { bearer } from "../support/bearer.ts";
import { echoTls } from "../support/echo-tls.ts";
import { findBrowser } from "./find-browser.ts";
import { type Given, type Outcome, PageServer, ways } from "./visit.ts";

/** Pages of another origin, in a real browser; over HTTP/1.1, and with TLS over HTTP/2. */

const adminToken = "admin-token-of-the-browser-tests";
const browser = await findBrowser();

/** A visit ends before. */
const testMsMax = 90_000;

describe.each(["http", "https"] as const)("a page that calls by %s", (scheme) => {
  let folder: string;
  let pages: PageServer;
  let server: Ringback;
  let users: Client<typeof UserService>;
  let tokens: Client<typeof TokenService>;
  let people = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringback-pages-"));
    pages = await PageServer.start();
    server = await build(
      readConfig({
        RINGBACK_STORE: "memory:",
        RINGBACK_PORT: "0",
        RINGBACK_ADMIN_TOKEN: adminToken,
        RINGBACK_CORS_ORIGINS: `http://127.0.0.1:${pages.port}`,
        ...(scheme === "https" && {
          RINGBACK_TLS_CERT: await file("cert.pem", echoTls.cert),
          RINGBACK_TLS_KEY: await file("key.pem", echoTls.key),
        }),
      }),
      { log: silentLog },
    );
    const transport = createConnectTransport({
      baseUrl: server.url,
      httpVersion: "1.1",
      nodeOptions: { ca: echoTls.cert },
      interceptors: [bearer(adminToken)],
    });
    users = createClient(UserService, transport);
    tokens = createClient(TokenService, transport);
  });
  afterAll(async () => {
    await server.shutdown(0);
    await pages.close();
    await rm(folder, { recursive: true });
  });

  async function file(name: string, content: string): Promise<string> {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  }

  /** @returns their number, which is not set */
  async function addUser(userId: string): Promise<string> {
    people += 1;
    await users.addHumanUser({
      userId,
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: `${userId}@example.com` },
    });
    return `+4179${String(people).padStart(7, "0")}`;
  }

  async function given(way: Given["way"]): Promise<Given> {
    const userId = `user-${people}`;
    const phoneNumber = await addUser(userId);
    const { token: userToken } = await tokens.createToken({ userId });
    return { way, url: server.url, userToken, adminToken, phoneNumber, nobodysNumber: "+41780000000" };
  }

  /** Sends SMS to others until the page is done: a stream tells of what arrives once it is open. */
  async function amongOthers(visit: Promise<Outcome>): Promise<Outcome> {
    const page = { isOpen: true };
    const over = visit.finally(() => (page.isOpen = false));
    while (page.isOpen) {
      const userId = `user-${people}`;
      await users.setPhone({ userId, phone: await addUser(userId) });
    }
    return over;
  }

  it.each(ways)(
    "verifies its user's number by %s",
    async (way) => {
      expect(await amongOthers(pages.visit(browser, await given(way)))).toEqual({
        wrong: { code: "InvalidArgument", id: "COMMAND-sM0cs" },
        paused: {
          code: "ResourceExhausted",
          id: "PHONE-w41ts",
          retryAfter: expect.stringMatching(/^(30|2\d)$/),
        },
        late: { code: "DeadlineExceeded" },
        isVerified: true,
        ...(way === "REST" ? {} : { watched: expect.stringContaining("is your code") }),
      });
    },
    testMsMax,
  );

  it.each(ways)(
    "gets nothing by %s where its origin is not allowed",
    async (way) => {
      const outcome = await pages.visit(browser, await given(way), "localhost");
      expect(outcome).toEqual({ failed: expect.stringContaining("Failed to fetch") });
    },
    testMsMax,
  );
});
