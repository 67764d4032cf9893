import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import type { Log, LogFields } from "../../src/lib/log.ts";
import { drainSignalKey } from "../../src/server/drain.ts";
import { register } from "../../src/server/registration.ts";
import { startServer, type RunningServer, type ServerOptions } from "../../src/server/server.ts";

export interface EchoServer extends RunningServer {
  /** What was logged at level error. */
  readonly errors: readonly { message: string; fields: LogFields | undefined }[];
  /** Resolves with the context of the next call to "wait", once it has begun. */
  nextWait(): Promise<HandlerContext>;
  /** Lets the calls to "wait" go on. */
  release(): void;
  /** Resolves when a watch has ended its handler, with whether its signal was aborted. */
  readonly watchEnded: Promise<boolean>;
}

/**
 * A server whose methods say what they were given. `SetPhone` answers "<user id> <phone>" as code, but:
 * phone "fail" throws a ConnectError with a detail, "crash" an Error, "wait" waits for `release` or for
 * the end of its call, and "sleep" for `release` only. `WatchMessages` sends `phone_number` messages ("3"), or
 * without end ("").
 * The gate wants the header "authorization" not to be "no", and breaks if it is "broken".
 */
export async function startEchoServer(options: Partial<ServerOptions> = {}): Promise<EchoServer> {
  const errors: { message: string; fields: LogFields | undefined }[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (message, fields) => errors.push({ message, fields }),
  };
  const waiting = Promise.withResolvers<HandlerContext>();
  const released = Promise.withResolvers<void>();
  const watchEnded = Promise.withResolvers<boolean>();

  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    services: [
      register(UserService, {
        async setPhone({ userId, phone, verification }, context) {
          context.responseHeader.set("x-echo", context.requestHeader.get("x-echo") ?? "");
          context.responseHeader.set("x-protocol", context.protocolName);
          context.responseTrailer.set("x-after", "done");
          if (phone === "fail") {
            const detail = { desc: ErrorDetailSchema, value: { id: "ECHO-1", message: "as you wish" } };
            throw new ConnectError("as you wish", Code.FailedPrecondition, { "x-cause": "echo" }, [detail]);
          }
          if (phone === "crash") throw new Error("secret cause");
          if (phone === "sleep") await released.promise;
          if (phone === "wait") {
            waiting.resolve(context);
            await Promise.race([released.promise, untilAborted(context.signal)]);
          }
          return {
            verificationCode: `${userId} ${phone}${verification.case === undefined ? "" : ` ${verification.case}`}`,
          };
        },
        removePhone: () => ({}),
        getUserByID: ({ userId }) => ({ user: { userId } }),
      }),
      register(ZITADELUsers, {
        addOTPSMSAuthenticator: ({ id, phone, organization }) => ({
          otpSmsId: `${id} ${phone?.number ?? "-"} ${organization?.property.value ?? "-"}`,
          verificationCode: phone?.verification.case ?? "-",
        }),
        verifyOTPSMSRegistration({ id, otpSmsId, code }, context) {
          context.responseHeader.set("x-seen", `${id} ${otpSmsId} ${code}`);
          return {};
        },
      }),
      register(InboxService, {
        listMessages: ({ phoneNumber, limit }) => ({
          messages: [{ phoneNumber, id: String(limit) }],
        }),
        async *watchMessages({ phoneNumber }, context) {
          const count = phoneNumber === "" ? Infinity : Number(phoneNumber);
          const text = "x".repeat(10_000);
          try {
            for (let id = 1; id <= count; id++) yield { message: { id: String(id), text } };
          } finally {
            watchEnded.resolve(context.signal.aborted);
          }
        },
        async waitForMessage(_request, context) {
          waiting.resolve(context);
          await untilAborted(AbortSignal.any([context.signal, context.values.get(drainSignalKey)]));
          throw new Error("unreachable");
        },
      }),
      register(AuthService, { getMyPhone: () => ({ phone: { phone: "+41791234567" } }) }),
    ],
    async requestGate({ requestHeader }) {
      if (requestHeader.get("authorization") === "no")
        throw new ConnectError("no token", Code.Unauthenticated);
      if (requestHeader.get("authorization") === "broken") throw new Error("the store is down");
    },
    interceptors: [],
    errorDetails: [ErrorDetailSchema],
    restPrefixes: new Map([[AuthService.typeName, ["/auth/v1", ""]]]),
    corsOrigins: ["https://app.example.com"],
    documents: new Map([["/keys", () => ({ keys: [] })]]),
    isReady: () => true,
    log,
    ...options,
  });

  return {
    ...server,
    errors,
    nextWait: () => waiting.promise,
    release: () => released.resolve(),
    watchEnded: watchEnded.promise,
  };
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw signal.reason;
}
