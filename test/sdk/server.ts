import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { InboxService, type Message } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { TokenService } from "../../gen/ringback/token/v1/token_service_pb.js";
import { build } from "../../src/build.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Profile } from "../../src/domain/policy.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { bearer } from "../support/bearer.ts";

/** A server that ZITADEL's clients call, with the phones of its users. */
export interface SdkServer {
  /** E.g. "http://127.0.0.1:8080". */
  readonly url: string;
  /** Of an owner of the instance. */
  readonly adminToken: string;
  /** A token with which the user calls. */
  tokenOf(userId: string): Promise<string>;
  /** The oldest SMS to an E.164 number after another one, or after none; waits for it. */
  messageTo(number: string, after?: Message): Promise<Message>;
  /** The time goes on as before, but from later on. */
  putForward(ms: number): void;
  close(): Promise<void>;
}

const adminToken = "admin-token-of-the-sdk-tests";

/** On a free port, with everything in memory, and a clock that goes. */
export async function startServer(profile: Profile): Promise<SdkServer> {
  let aheadMs = 0;
  const config = readConfig({
    RINGBACK_STORE: "memory:",
    RINGBACK_SMS: "inbox:",
    RINGBACK_PORT: "0",
    RINGBACK_PROFILE: profile,
    RINGBACK_ADMIN_TOKEN: adminToken,
  });
  const clock = { nowMs: () => systemClock.nowMs() + aheadMs };
  const server = await build(config, { clock, log: silentLog });
  const transport = createConnectTransport({
    baseUrl: server.url,
    interceptors: [bearer(adminToken)],
  });
  const inbox = createClient(InboxService, transport);
  const tokens = createClient(TokenService, transport);
  return {
    url: server.url,
    adminToken,

    async tokenOf(userId) {
      return (await tokens.createToken({ userId })).token;
    },

    async messageTo(phoneNumber, after) {
      const { message } = await inbox.waitForMessage(
        { phoneNumber, afterMessageId: after?.id ?? "" },
        { timeoutMs: 5_000 },
      );
      if (message === undefined) throw new Error("an answer without a message");
      return message;
    },

    putForward(ms) {
      aheadMs += ms;
    },

    close: () => server.shutdown(0),
  };
}
