import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import { afterAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { DocsPage } from "../support/docs-page.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";

const run = promisify(execFile);
const world = await openWorld("safe");
const page = new DocsPage("docs/web-app.md");

afterAll(() => world.close());

const hasCurl = spawnSync("curl", ["--version"]).error === undefined;
const itWithCurl = hasCurl ? it : it.skip;
itWithCurl(
  `the token of docs/web-app.md is enough for the calls of a backend${hasCurl ? "" : " (skipped: no curl)"}`,
  async () => {
    const [commands = ""] = page.blocks("sh", "A token for the backend");
    const script = commands
      .replaceAll("http://127.0.0.1:8080", world.url)
      .replaceAll(/^curl/gm, "curl -sS --fail");
    const { stdout } = await run("sh", ["-ec", script], { env: { ...process.env, TOKEN: adminToken } });
    const { token } = JSON.parse(`{${stdout.split("{").at(-1)}`);

    const userId = "4711";
    const { addHumanUser, addOTPSMS, deleteUser, verifyPhone } = UserService.method;
    const { createSession, deleteSession, setSession } = SessionService.method;
    const number = "+41791234567";
    await world.callAs(token, addHumanUser, {
      userId,
      username: userId,
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: "4711@users.invalid" },
      phone: { phone: number },
    });
    const { code: verificationCode } = await world.lastMessage(number);
    await world.callAs(token, verifyPhone, { userId, verificationCode });
    await world.callAs(token, addOTPSMS, { userId });
    world.clock.ms += 30_000;
    const { sessionId } = await world.callAs(token, createSession, {
      checks: { user: { search: { case: "userId", value: userId } } },
      challenges: { otpSms: {} },
    });
    const { code } = await world.lastMessage(number);
    await world.callAs(token, setSession, { sessionId, checks: { otpSms: { code } } });
    await world.callAs(token, deleteSession, { sessionId });
    await world.callAs(token, deleteUser, { userId });
    expect(token).toMatch(/^rbk_/);
  },
);

it("docs/web-app.md names what such calls are refused with", async () => {
  const { id, number: phone } = await world.user({ phone: "verified" });
  await world.asAdmin(UserService.method.addOTPSMS, { userId: id });
  const login = { checks: { user: { userId: id } }, challenges: { otpSms: {} } };
  const { sessionId } = await accepted("POST", "/v2/sessions", login);
  const { code } = await world.lastMessage(phone);
  const answer = (otp: string) =>
    refused("PATCH", `/v2/sessions/${sessionId}`, { checks: { otpSms: { code: otp } } });
  const user = {
    userId: id,
    profile: { givenName: "A", familyName: "B" },
    email: { email: "a@users.invalid" },
  };

  const refusals = [await refused("POST", "/v2/sessions", login), await answer("wrong")];
  world.clock.ms += 3_600_000;
  refusals.push(await answer(code), await refused("POST", "/v2/users/human", user));
  await accepted("PATCH", `/v2/sessions/${sessionId}`, { challenges: { otpSms: {} } });
  const next = (await world.lastMessage(phone)).code;
  await accepted("PATCH", `/v2/sessions/${sessionId}`, { checks: { otpSms: { code: next } } });
  refusals.push(await answer(next));
  await accepted("DELETE", `/v2/sessions/${sessionId}`, {});
  refusals.push(await answer(next), await refused("POST", `/v2/users/${id}/otp_sms`, {}));
  refusals.push(await refused("POST", `/v2/users/${id}/phone`, { phone }));
  refusals.push(await refused("POST", `/v2/users/${id}/phone/resend`, {}));
  await accepted("POST", "/v2/users/human", { ...user, userId: "4711" });
  refusals.push(await refused("POST", "/v2/users/human", { ...user, userId: "4712" }));
  refusals.push(await refused("DELETE", "/v2/users/4711/phone", {}));
  await world.asAdmin(UserService.method.deactivateUser, { userId: id });
  refusals.push(await refused("POST", "/v2/sessions", login));

  const named = page
    .tableUnder("What to expect")
    .flatMap(([ids = "", status]) => ids.split(", ").map((name) => `${name}: ${status}`));
  expect(named).toEqual(expect.arrayContaining(refusals));
});

async function call(method: string, path: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  return fetch(`${world.url}${path}`, { method, headers, body: JSON.stringify(body) });
}

async function accepted(method: string, path: string, body: object): Promise<{ sessionId: string }> {
  const answer = await call(method, path, body);
  expect(answer.ok).toBe(true);
  return JSON.parse(await answer.text());
}

/** As the page writes it. */
async function refused(method: string, path: string, body: object): Promise<string> {
  const answer = await call(method, path, body);
  const { code, details } = JSON.parse(await answer.text());
  return `${details[0].id}: ${answer.status}, ${Code[code]}`;
}
