import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startEchoServer, type EchoServer } from "../support/echo-server.ts";

const origin = "https://app.example.com";
const path = "/zitadel.user.v2.UserService/SetPhone";

let server: EchoServer;
let open: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
  open = await startEchoServer({ corsOrigins: "*" });
});
afterAll(() => Promise.all([server.shutdown(0), open.shutdown(0)]));

function preflight(url: string, from: string): Promise<Response> {
  return fetch(url + path, {
    method: "OPTIONS",
    headers: { origin: from, "access-control-request-method": "POST", "access-control-request-headers": "x" },
  });
}

describe("CORS", () => {
  it("answers the preflight of an origin on the list", async () => {
    const { status, headers } = await preflight(server.url, origin);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(origin);
    expect(headers.get("access-control-max-age")).toBe("7200");
    expect(headers.get("vary")).toBe("Origin");
    expect(headers.get("access-control-allow-methods")?.split(", ")).toEqual(
      expect.arrayContaining(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    );
    const allowed = headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining([
        "authorization",
        "content-type",
        "x-grpc-web",
        "x-user-agent",
        "grpc-timeout",
        "connect-protocol-version",
        "connect-timeout-ms",
        "x-zitadel-orgid",
        "accept-language",
        "idempotency-key",
        "ringback-channel",
      ]),
    );
  });

  it("sets headers on every answer for such an origin, errors included", async () => {
    for (const target of ["/keys", "/nothing", "/v2/users/%zz", "/v2/users/7"]) {
      const { headers } = await fetch(server.url + target, { headers: { origin } });
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-expose-headers")?.toLowerCase().split(", ")).toEqual(
        expect.arrayContaining([
          "grpc-status",
          "grpc-message",
          "grpc-status-details-bin",
          "retry-after",
          "ringback-sms-segments",
        ]),
      );
    }
  });

  it("gives nothing to another origin", async () => {
    for (const other of ["https://evil.example.com", `${origin}:8443`, "null"]) {
      const refused = await preflight(server.url, other);
      expect(refused.status).toBe(403);
      const answered = await fetch(`${server.url}/keys`, { headers: { origin: other } });
      for (const { headers } of [refused, answered]) {
        expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
        expect(headers.get("vary")).toBe("Origin");
      }
    }
  });

  it("gives to any origin what is open to all", async () => {
    const { status, headers } = await preflight(open.url, "https://any.example.com");
    expect([status, headers.get("access-control-allow-origin"), headers.get("vary")]).toEqual([
      204,
      "*",
      null,
    ]);
  });

  it("takes an OPTIONS that is no preflight for a request", async () => {
    expect((await fetch(`${server.url}/keys`, { method: "OPTIONS", headers: { origin } })).status).toBe(405);
  });
});
