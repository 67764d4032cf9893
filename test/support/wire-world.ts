import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { InboxService, type Message } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { TokenService } from "../../gen/ringback/token/v1/token_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { SmsProvider } from "../../src/app/sms-port.ts";
import type { Store } from "../../src/app/store-port.ts";
import type { Role } from "../../src/auth/roles.ts";
import { build } from "../../src/build.ts";
import { readConfig } from "../../src/config/config.ts";
import { defaultOrganizationId } from "../../src/app/account.ts";
import { administratorId } from "../../src/app/administrator.ts";
import type { Profile } from "../../src/domain/policy.ts";
import { type Log, silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { createTestClock, type TestClock } from "./auth-clock.ts";
import { type History, withHistory } from "./wire-history.ts";
import { connectProto } from "./wire-protocols.ts";

/** A person, whether or not there is an account for them. */
export interface TestUser {
  readonly id: string;
  readonly organizationId: string;
  /** E.164; their own, whether or not it is set. */
  readonly number: string;
  /** Another that is theirs, and not set yet. */
  readonly otherNumber: string;
  readonly createdMs: number;
}

/** Empty without a code that was returned. */
export interface UserWithCode extends TestUser {
  readonly code: string;
}

/** A server of its own, and short ways to bring it into a situation. What they do, they do over the wire. */
export interface World {
  readonly url: string;
  readonly profile: Profile;
  /** Stands still until it is moved. */
  readonly clock: TestClock;
  readonly history: History;
  /** Holds the token of `asAdmin`; a machine. */
  readonly administrator: TestUser;
  /** Somebody with an id and a number that nobody has yet. */
  nobody(organizationId?: string): TestUser;
  /** A user; without a number unless one is asked for. A pending code is returned; no SMS is sent. */
  user(options?: UserOptions): Promise<UserWithCode>;
  /** The newest SMS to a number. */
  lastMessage(number: string): Promise<Message>;
  /** A token with which the user calls, for a day. */
  token(userId: string): Promise<string>;
  /** A token of somebody new, with this role only, or without any. */
  caller(role: Role | undefined, organizationId?: string): Promise<string>;
  /**
   * Calls with a token; an SMS that this brings is sent when it resolves.
   * @throws Error if the call is refused
   */
  callAs<I extends DescMessage, O extends DescMessage>(
    token: string,
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
  ): Promise<MessageShape<O>>;
  /** The same as the administrator. */
  asAdmin<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
  ): Promise<MessageShape<O>>;
  close(): Promise<void>;
}

export interface UserOptions {
  readonly phone?: "none" | "pending" | "verified";
  readonly organizationId?: string;
}

export interface WorldOptions {
  /** False lets Connect's own router answer every RPC. */
  readonly unaryPath?: boolean;
  readonly store?: Store;
  /** Whether the store stays open when the world closes. */
  readonly keepStoreOpen?: boolean;
  readonly log?: Log;
  /** Sends in the place of the one that the environment names. */
  readonly smsProvider?: SmsProvider;
  /** Further variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export const adminToken = "admin-token-of-the-wire-tests";
/** Of every world: a store is served with the key of before. */
const masterKey = Buffer.alloc(32, "master").toString("base64");

/** @param options.store in memory if it is left out */
export async function openWorld(profile: Profile, options: WorldOptions = {}): Promise<World> {
  const { store, history } = withHistory(options.store ?? openMemoryStore(), options.keepStoreOpen);
  const clock = createTestClock();
  const config = readConfig({
    RINGBACK_STORE: "memory:",
    RINGBACK_PORT: "0",
    RINGBACK_PROFILE: profile,
    RINGBACK_ADMIN_TOKEN: adminToken,
    RINGBACK_MASTER_KEY: masterKey,
    ...options.env,
  });
  const { log = silentLog, unaryPath = true, smsProvider } = options;
  const server = await build(config, {
    store,
    clock,
    log,
    unaryPath,
    ...(smsProvider && { smsProvider }),
  });
  const protocol = connectProto(server.url);
  let people = 0;

  function nobody(organizationId = defaultOrganizationId): TestUser {
    people += 1;
    const digits = String(people).padStart(6, "0");
    return {
      id: `user-${digits}`,
      organizationId,
      number: `+41791${digits}`,
      otherNumber: `+41792${digits}`,
      createdMs: clock.ms,
    };
  }

  async function callAs<I extends DescMessage, O extends DescMessage>(
    token: string,
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const position = await history.position();
    const { result } = await protocol.call(method, input, { authorization: `Bearer ${token}` });
    await history.settledSince(position);
    if ("error" in result) throw new Error(`${method.name} was refused: ${result.error.message}`);
    return result.message;
  }

  function asAdmin<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    return callAs(adminToken, method, input);
  }

  async function user({ phone = "none", organizationId }: UserOptions = {}): Promise<UserWithCode> {
    const made = nobody(organizationId);
    const { phoneCode = "" } = await asAdmin(UserService.method.addHumanUser, {
      userId: made.id,
      organization: { org: { case: "orgId", value: made.organizationId } },
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: `${made.id}@example.com` },
      ...(phone === "none" ? {} : { phone: { phone: made.number, verification: verifications[phone] } }),
    });
    return { ...made, code: phoneCode };
  }

  async function tokenOf(userId: string): Promise<string> {
    const lifetime = { seconds: 86_400n };
    return (await asAdmin(TokenService.method.createToken, { userId, lifetime })).token;
  }

  return {
    url: server.url,
    profile,
    clock,
    history,
    administrator: { ...nobody(), id: administratorId },
    nobody,
    user,
    token: tokenOf,
    callAs,
    asAdmin,

    async lastMessage(phoneNumber) {
      const { messages } = await asAdmin(InboxService.method.listMessages, { phoneNumber, limit: 1 });
      const [message] = messages;
      if (message === undefined) throw new Error("there is no SMS to this number");
      return message;
    },

    async caller(role, organizationId = defaultOrganizationId) {
      const made = await user({ organizationId });
      if (role !== undefined) {
        await asAdmin(RoleService.method.setRoles, { userId: made.id, roles: [role] });
      }
      return tokenOf(made.id);
    },

    async close() {
      protocol.close();
      await server.shutdown(0);
    },
  };
}

const verifications = {
  pending: { case: "returnCode", value: {} },
  verified: { case: "isVerified", value: true },
} as const;
