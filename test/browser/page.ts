import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import type { Given, Outcome, Refusal } from "./visit.ts";

/** Runs in the browser: a page of another origin, whose user verifies a number. It tells its own server how it went. */

/** The calls of the page, in one protocol. They throw a `Refused`. */
interface Calls {
  set(phone: string): Promise<unknown>;
  verify(code: string): Promise<unknown>;
  resend(): Promise<unknown>;
  isVerified(): Promise<boolean>;
  /** @returns the code of the first message to the number */
  waitForCode(phoneNumber: string, timeoutMs: number): Promise<string>;
  /** @returns the text of the first message that is streamed; undefined where nothing is */
  watchOne?(): Promise<string>;
}

class Refused extends Error {
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal) {
    super(message);
    this.refusal = refusal;
  }
}

const given = (await (await fetch("/given")).json()) as Given; // as `visit` gives it
const userHeaders = { authorization: `Bearer ${given.userToken}`, "accept-language": "de" };
const adminHeaders = { authorization: `Bearer ${given.adminToken}` };
await fetch("/outcome", { method: "POST", body: JSON.stringify(await run(callsOf(given))) });

async function run(calls: Calls): Promise<Outcome> {
  await calls.set(given.phoneNumber);
  const code = await calls.waitForCode(given.phoneNumber, 30_000);
  const wrong = await refusalOf(calls.verify("wrong"));
  const paused = await refusalOf(calls.resend());
  await calls.verify(code);
  return {
    wrong,
    paused,
    isVerified: await calls.isVerified(),
    late: await refusalOf(calls.waitForCode(given.nobodysNumber, 200)),
    watched: await calls.watchOne?.(),
  };
}

async function refusalOf(call: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function callsOf({ way, url: baseUrl }: Given): Calls {
  switch (way) {
    case "gRPC-Web":
      return byClients(createGrpcWebTransport({ baseUrl }));
    case "Connect":
      return byClients(createConnectTransport({ baseUrl }));
    case "REST":
      return byFetch(baseUrl);
  }
}

function byClients(transport: Transport): Calls {
  const auth = createClient(AuthService, transport);
  const inbox = createClient(InboxService, transport);
  const user = { headers: userHeaders };
  const admin = { headers: adminHeaders };
  const asked = async <T>(call: Promise<T>): Promise<T> =>
    call.catch((reason: unknown) => {
      const error = ConnectError.from(reason);
      const [detail] = error.findDetails(ErrorDetailSchema);
      const retryAfter = error.metadata.get("retry-after") ?? undefined;
      throw new Refused(error.message, { code: Code[error.code], id: detail?.id, retryAfter });
    });
  return {
    set: (phone) =>
      asked(auth.setMyPhone({ phone }, { headers: { ...userHeaders, "idempotency-key": phone } })),
    verify: (code) => asked(auth.verifyMyPhone({ code }, user)),
    resend: () => asked(auth.resendMyPhoneVerification({}, user)),
    isVerified: async () => (await asked(auth.getMyPhone({}, user))).phone?.isPhoneVerified === true,
    async waitForCode(phoneNumber, timeoutMs) {
      const { message } = await asked(inbox.waitForMessage({ phoneNumber }, { ...admin, timeoutMs }));
      return message?.code ?? "";
    },
    async watchOne() {
      // The page leaves the stream after the first.
      for await (const { message } of inbox.watchMessages({}, admin)) return message?.text ?? "";
      return "";
    },
  };
}

function byFetch(baseUrl: string): Calls {
  interface Answer {
    readonly phone?: { readonly isPhoneVerified?: boolean };
    readonly message?: { readonly code?: string } | string;
    readonly code?: number;
    readonly details?: readonly { readonly id?: string }[];
  }
  async function ask(method: string, path: string, headers: object, body?: object): Promise<Answer> {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Answer; // as the contract says
    if (response.ok) return answer;
    throw new Refused(response.statusText, {
      code: Code[answer.code ?? 0] ?? "",
      id: answer.details?.[0]?.id,
      retryAfter: response.headers.get("retry-after") ?? undefined,
    });
  }
  const phonePath = "/auth/v1/users/me/phone";
  return {
    set: (phone) => ask("PUT", phonePath, { ...userHeaders, "idempotency-key": phone }, { phone }),
    verify: (code) => ask("POST", `${phonePath}/_verify`, userHeaders, { code }),
    resend: () => ask("POST", `${phonePath}/_resend_verification`, userHeaders, {}),
    isVerified: async () => (await ask("GET", phonePath, userHeaders)).phone?.isPhoneVerified === true,
    async waitForCode(phoneNumber, timeoutMs) {
      const query = new URLSearchParams({ phoneNumber });
      const headers = { ...adminHeaders, "connect-timeout-ms": String(timeoutMs) };
      const { message } = await ask("GET", `/ringback/v1/inbox/messages:wait?${query.toString()}`, headers);
      return typeof message === "object" ? (message.code ?? "") : "";
    },
  };
}
