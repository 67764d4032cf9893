import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { importedStore } from "../support/imported-store.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

/**
 * What a server of any release gave out counts at one of this release: codes, answers that are kept, messages that
 * wait, tokens. Each is an export, written two minutes before this world begins, with what its clients had by then. The
 * files in the folder are never changed, only added to.
 */

const folder = new URL("../golden/servers/", import.meta.url);
const versions = readdirSync(folder).filter((name) => name.endsWith(".ndjson"));

function read(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** What clients had. */
interface Given {
  readonly call: {
    readonly path: string;
    readonly body: object;
    readonly idempotencyKey: string;
    readonly reply: { readonly verificationCode: string };
  };
  readonly waiting: { readonly userId: string; readonly phoneNumber: string };
  readonly token: string;
  readonly session: { readonly sessionId: string; readonly sessionToken: string };
}

describe.each(versions)("of the server of %s", (name) => {
  const given: Given = JSON.parse(read(name.replace(".ndjson", ".given.json")));
  let world: World;
  beforeAll(async () => {
    const store = await importedStore(read(name).trimEnd().split("\n"));
    world = await openWorld("safe", { store });
  });
  afterAll(() => world.close());

  it("a call that is repeated gets the answer of then, and its code is right", async () => {
    const { path, body, idempotencyKey, reply } = given.call;
    const before = await world.history.lastOf("ada");
    const response = await fetch(`${world.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}`, "idempotency-key": idempotencyKey },
      body: JSON.stringify(body),
    });
    expect(await response.json()).toEqual(reply);
    expect(await world.history.lastOf("ada")).toEqual(before);
    const { verificationCode } = reply;
    await world.callAs(given.token, AuthService.method.verifyMyPhone, { code: verificationCode });
    const { phone } = await world.callAs(given.token, AuthService.method.getMyPhone, {});
    expect(phone).toMatchObject({ phone: "+41791234567", isPhoneVerified: true });
  });

  it("a message that waited is sent, and its code is right", async () => {
    const { userId, phoneNumber } = given.waiting;
    const { message } = await world.asAdmin(InboxService.method.waitForMessage, { phoneNumber });
    const verificationCode = message?.code ?? "";
    await world.asAdmin(UserService.method.verifyPhone, { userId, verificationCode });
  });

  it("a session token opens its session", async () => {
    const { session } = await world.callAs(given.token, SessionService.method.getSession, given.session);
    expect(session?.factors?.user?.id).toBe("ada");
  });
});
