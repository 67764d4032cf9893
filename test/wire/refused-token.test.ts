import { afterAll, describe, expect, it } from "@jest/globals";
import { createLog } from "../../src/lib/log.ts";
import { openWorld } from "../support/wire-world.ts";

const lines: string[] = [];
const world = await openWorld("safe", {
  env: { RINGBACK_OIDC_ISSUERS: "https://login.example.com", RINGBACK_OIDC_AUDIENCE: "phones" },
  log: createLog("debug", (line) => lines.push(line)),
});
afterAll(() => world.close());

const getMyUser = "/zitadel.auth.v1.AuthService/GetMyUser";
const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

it.each([
  [
    "of another issuer",
    [encoded({ alg: "RS256" }), encoded({ iss: "https://login.example.com/" }), "c2ln"].join("."),
    "its issuer is none of ringback, https://login.example.com.",
  ],
  ["nobody gave out", "rbk_unknown", "it is unknown, expired or revoked."],
])(
  "a token %s: the log says why it was refused, and the caller does not learn it",
  async (_name, token, why) => {
    lines.length = 0;
    const response = await fetch(`${world.url}/auth/v1/users/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { message: "The token is invalid or has expired. (AUTH-7fs1e)" },
    ]);
    const records = lines
      .map((line) => JSON.parse(line))
      .filter(({ message }) => message === "a token was refused");
    expect(records).toMatchObject([{ level: "debug", reason: `The token is not valid: ${why}` }]);
    expect(lines.join("")).not.toContain(token);
  },
);

describe.each([
  ["no token", {}, "Bearer"],
  ["a token nobody gave out", { authorization: "Bearer rbk_unknown" }, 'Bearer error="invalid_token"'],
])("%s", (_name, headers, challenge) => {
  it.each([
    ["REST", "GET", "/auth/v1/users/me", ""],
    ["Connect", "POST", getMyUser, "application/json"],
    ["Connect, by its own router", "POST", getMyUser, "application/json;charset=UTF-8"],
  ])("is told which one there must be: %s", async (_protocol, method, path, type) => {
    const response = await fetch(world.url + path, { method, headers: { ...headers, "content-type": type } });
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, challenge]);
  });
});

it("who may not call at all is not told to bring another token", async () => {
  const token = await world.caller(undefined);
  const response = await fetch(`${world.url}/admin/v1/sms/1`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([response.ok, response.headers.get("www-authenticate")]).toEqual([false, null]);
});
