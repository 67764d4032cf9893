import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { DocsPage } from "../support/docs-page.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";

const run = promisify(execFile);
const world = await openWorld("safe");

afterAll(() => world.close());

const hasCurl = spawnSync("curl", ["--version"]).error === undefined;
const itWithCurl = hasCurl ? it : it.skip;
itWithCurl(
  `the token of docs/web-app.md is enough for the calls of a backend${hasCurl ? "" : " (skipped: no curl)"}`,
  async () => {
    const [commands = ""] = new DocsPage("docs/web-app.md").blocks("sh", "A token for the backend");
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
