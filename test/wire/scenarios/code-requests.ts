import { Code } from "@connectrpc/connect";
import { AuthService } from "../../../gen/zitadel/auth/v1/auth_service_pb.js";
import { SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserV3 } from "../../../gen/zitadel/user/v3alpha/user_service_pb.js";
import { codeSent, withoutPhone } from "./givens.ts";
import { ok, refused, rowsOf, type Scenario } from "./scenario.ts";

/** The headers of a call that makes a code: Idempotency-Key and ringback-channel. */

const set = rowsOf("user.v2 SetPhone", UserService.method.setPhone);
const setMy = rowsOf("auth.v1 SetMyPhone", AuthService.method.setMyPhone);
const add = rowsOf("user.v3alpha AddOTPSMSAuthenticator", UserV3.method.addOTPSMSAuthenticator);
const open = rowsOf("session.v2 CreateSession", SessionService.method.createSession);

const keyInvalid = refused(Code.InvalidArgument, "RINGBACK-i3Key", "1 to 255 printable");
const channelUnknown = refused(Code.InvalidArgument, "RINGBACK-c6Unk", "sms, whatsapp, voice");

export const codeRequests: readonly Scenario[] = [
  set({
    name: "the longest idempotency key, and a channel",
    everyWay: true,
    given: withoutPhone,
    caller: "self",
    // A key counts for its caller: another one may use the same.
    headers: () => ({ "idempotency-key": "~".repeat(255), "ringback-channel": "sms" }),
    input: ({ id, number }) => ({ userId: id, phone: number }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
  }),
  ...["", "k".repeat(256)].map((key) =>
    set({
      name: `an idempotency key of ${key.length} characters`,
      given: withoutPhone,
      caller: "self",
      headers: () => ({ "idempotency-key": key }),
      input: ({ id, number }) => ({ userId: id, phone: number }),
      expect: keyInvalid,
    }),
  ),
  set({
    name: "an unknown channel",
    everyWay: true,
    given: withoutPhone,
    caller: "self",
    headers: () => ({ "ringback-channel": "pigeon" }),
    input: ({ id, number }) => ({ userId: id, phone: number }),
    expect: channelUnknown,
  }),
  setMy({
    name: "an unknown channel",
    given: withoutPhone,
    caller: "self",
    headers: () => ({ "ringback-channel": "SMS" }),
    input: ({ number: phone }) => ({ phone }),
    expect: channelUnknown,
  }),
  add({
    name: "an unknown channel",
    given: withoutPhone,
    caller: "self",
    headers: () => ({ "ringback-channel": "" }),
    input: ({ id, number }) => ({ userId: id, phone: { number } }),
    expect: channelUnknown,
  }),
  open({
    name: "an idempotency key that is too long",
    given: withoutPhone,
    caller: "administrator",
    headers: () => ({ "idempotency-key": "k".repeat(256) }),
    input: ({ id }) => ({ checks: { user: { search: { case: "userId", value: id } } } }),
    expect: keyInvalid,
  }),
];
