import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import {
  attemptsMax,
  badNumber,
  codeSent,
  deleted,
  expectPhone,
  lockedByAdmin,
  machine,
  minuteMs,
  nobody,
  phoneCode,
  spacedForm,
  withCodeOfAge,
  withCodeOfFormerNumber,
  withoutPhone,
  withPendingPhone,
  withRemovedPhone,
  withReplacedCode,
  withSentCode,
  withVerifiedPhone,
  withWrongTries,
  wrongCode,
} from "./givens.ts";
import { authenticationRows, invalid, noSuchPath, ok, refused, rowsOf, type Scenario } from "./scenario.ts";

/** The phone numbers of both v3alpha services: two forms of the same. */

/** What differs. */
interface Form<S extends DescMessage, V extends DescMessage, R extends DescMessage> {
  readonly name: string;
  /** The field with the id of the user. */
  readonly idField: string;
  readonly set: DescMethodUnary<S>;
  readonly setInput: (userId: string, phone?: PhoneInput) => MessageInitShape<S>;
  /** The field with the code that is returned for a number that is set. */
  readonly codeField: string;
  readonly verify: DescMethodUnary<V>;
  readonly verifyInput: (userId: string, code: string) => MessageInitShape<V>;
  readonly resend: DescMethodUnary<R>;
  readonly resendInput: (
    userId: string,
    verification?: typeof sendCode | typeof returnCode,
  ) => MessageInitShape<R>;
}

interface PhoneInput {
  readonly number: string;
  readonly verification?: typeof sendCode | typeof returnCode | typeof isVerified | typeof isNotVerified;
}

const sendCode = { case: "sendCode", value: {} } as const;
const returnCode = { case: "returnCode", value: {} } as const;
const isVerified = { case: "isVerified", value: true } as const;
const isNotVerified = { case: "isVerified", value: false } as const;

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");

function setRows<S extends DescMessage, V extends DescMessage, R extends DescMessage>({
  name: service,
  idField,
  set,
  setInput,
  codeField,
}: Form<S, V, R>): readonly Scenario[] {
  const row = rowsOf(`${service} SetContactPhone`, set);
  const userMissing = refused(Code.NotFound, "COMMAND-b33QAVgel6");
  const own =
    (verification?: PhoneInput["verification"]) =>
    ({ id, number }: TestUser): MessageInitShape<S> =>
      setInput(id, verification === undefined ? { number } : { number, verification });
  const numbered =
    (number: string) =>
    ({ id }: TestUser): MessageInitShape<S> =>
      setInput(id, { number });
  return [
    row({
      name: "a code by SMS",
      everyWay: true,
      given: withoutPhone,
      caller: "self",
      input: own(sendCode),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
      after: (user, world) => expectPhone(world, user, user.number, false),
    }),
    row({
      name: "no word of the verification",
      given: withoutPhone,
      caller: "self",
      input: own(),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    row({
      name: "a returned code",
      everyWay: true,
      given: withoutPhone,
      caller: "administrator",
      input: own(returnCode),
      expect: (_, world) => ok({ [codeField]: phoneCode(world) }),
      effect: ["user.human.phone.changed", "user.human.phone.code.added"],
    }),
    row({
      name: "a returned code, for oneself",
      given: withoutPhone,
      caller: "self",
      input: own(returnCode),
      expect: lacksPermission,
    }),
    row({
      name: "verified, by the administrator",
      given: withoutPhone,
      caller: "administrator",
      input: own(isVerified),
      expect: ok(),
      effect: ["user.human.phone.changed", "user.human.phone.verified"],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    row({
      name: "verified, by oneself",
      given: withoutPhone,
      caller: "self",
      input: own(isVerified),
      expect: lacksPermission,
    }),
    row({
      name: "another number than the verified one",
      given: withVerifiedPhone,
      caller: "ORG_USER_MANAGER",
      input: ({ id, otherNumber }) => setInput(id, { number: otherNumber, verification: returnCode }),
      expect: (_, world) => ok({ [codeField]: phoneCode(world) }),
      effect: ["user.human.phone.changed", "user.human.phone.code.added"],
      after: (user, world) => expectPhone(world, user, user.otherNumber, false),
    }),
    row({
      name: "the same number",
      everyWay: true,
      given: withPendingPhone,
      caller: "self",
      input: own(),
      expect: ok(),
      details: "change",
      after: (user, world) => expectPhone(world, user, user.number, false),
    }),
    row({
      name: "the same number in another form",
      given: withVerifiedPhone,
      caller: "self",
      input: ({ id, number }) => setInput(id, { number: spacedForm(number) }),
      expect: ok(),
      details: "change",
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    row({
      name: "the same number, verified now",
      given: withPendingPhone,
      caller: "administrator",
      input: own(isVerified),
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    row({
      name: "the same number after it was removed",
      given: withRemovedPhone,
      caller: "self",
      input: own(),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      row({ name: `by ${caller}`, given: withoutPhone, caller, input: own(), expect: lacksPermission }),
    ),
    row({
      name: "a number to which an SMS went just now",
      profile: "safe",
      given: async (world) => ({ ...(await world.user()), number: (await withSentCode(world)).number }),
      caller: "self",
      input: own(),
      expect: refused(Code.ResourceExhausted, "PHONE-w41ts"),
    }),
    row({
      name: "what is no number",
      given: withoutPhone,
      caller: "self",
      input: numbered("phone"),
      expect: badNumber("This is not a phone number"),
    }),
    row({
      name: "spaces",
      given: withoutPhone,
      caller: "self",
      input: numbered("  "),
      expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
    }),
    row({
      name: "no phone",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => setInput(id),
      expect: invalid("SetContactPhoneRequest.phone"),
    }),
    ...(
      [
        ["an empty number", "number", { number: "" }],
        ["21 characters", "number", { number: "+41791234567123456789" }],
        [
          "not verified, although it says how",
          "is_verified",
          { number: "+41791234567", verification: isNotVerified },
        ],
      ] as const
    ).map(([name, field, phone]) =>
      row({
        name,
        given: withoutPhone,
        caller: "self",
        input: ({ id }) => setInput(id, phone),
        expect: invalid(`SetContactPhoneRequest.phone.${field}`),
      }),
    ),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: ({ number }) => setInput("", { number }),
      expect: invalid(`SetContactPhoneRequest.${idField}`),
      expectOfRest: noSuchPath,
    }),
    ...[
      { name: "nobody has the id", given: nobody },
      { name: "a deleted user", given: deleted },
      { name: "a machine", given: machine },
    ].map(({ name, given }) =>
      row({ name, given, caller: "administrator", input: own(), expect: userMissing }),
    ),
    ...authenticationRows(row, setInput("x", { number: "" })),
  ];
}

function verifyRows<S extends DescMessage, V extends DescMessage, R extends DescMessage>({
  name: service,
  idField,
  verify,
  verifyInput,
}: Form<S, V, R>): readonly Scenario[] {
  const row = rowsOf(`${service} VerifyContactPhone`, verify);
  const userMissing = refused(Code.NotFound, "COMMAND-bx2OLtgGNS");
  const wrong = refused(Code.InvalidArgument, "CODE-woT0xc");
  const expired = refused(Code.FailedPrecondition, "CODE-QvUQ4P");
  const rightCode = ({ id, code }: UserWithCode): MessageInitShape<V> => verifyInput(id, code);
  const aWrongCode = ({ id }: TestUser): MessageInitShape<V> => verifyInput(id, wrongCode);
  const lifetimeMs = ({ profile }: World): number => (profile === "safe" ? 10 : 60) * minuteMs;
  return [
    row({
      name: "the code of the SMS",
      everyWay: true,
      given: withSentCode,
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    row({
      name: "the returned code, by the administrator, at its last moment",
      given: (world) => withCodeOfAge(lifetimeMs(world) - 1)(world),
      caller: "administrator",
      input: rightCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    ...[
      { name: "a wrong code", given: withPendingPhone, input: aWrongCode },
      { name: "a code that was replaced", given: withReplacedCode, input: rightCode },
      { name: "the code of the former number", given: withCodeOfFormerNumber, input: rightCode },
    ].map(({ name, given, input }) =>
      row({
        name,
        everyWay: true,
        given,
        caller: "self",
        input,
        expect: wrong,
        effect: ["user.human.phone.verification.failed"],
      }),
    ),
    row({
      name: "a code that has expired",
      everyWay: true,
      given: (world) => withCodeOfAge(lifetimeMs(world))(world),
      caller: "self",
      input: rightCode,
      expect: expired,
      effect: ["user.human.phone.verification.failed"],
    }),
    row({
      name: "the right code at the last try",
      profile: "safe",
      given: withWrongTries(attemptsMax - 1),
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    row({
      name: "the right code after the last try",
      profile: "safe",
      given: withWrongTries(attemptsMax),
      caller: "self",
      input: rightCode,
      expect: wrong,
    }),
    row({
      name: "the right code after many tries",
      profile: "zitadel",
      given: withWrongTries(30),
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    ...[
      { name: "a number that is verified already", given: withVerifiedPhone },
      { name: "no number", given: withoutPhone },
      { name: "a number that was removed", given: withRemovedPhone },
    ].map(({ name, given }) =>
      row({ name, given, caller: "self", input: aWrongCode, expect: ok(), details: "change" }),
    ),
    row({
      name: "a locked user",
      given: lockedByAdmin,
      caller: "self",
      input: aWrongCode,
      expect: refused(Code.FailedPrecondition, "COMMAND-S6h4R"),
    }),
    ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      row({
        name: `by ${caller}`,
        given: withPendingPhone,
        caller,
        input: rightCode,
        expect: lacksPermission,
      }),
    ),
    ...["", "1".repeat(21)].map((code) =>
      row({
        name: `a code of ${code.length} characters`,
        given: withPendingPhone,
        caller: "self",
        input: ({ id }) => verifyInput(id, code),
        expect: invalid("VerifyContactPhoneRequest.verification_code"),
      }),
    ),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => verifyInput("", wrongCode),
      expect: invalid(`VerifyContactPhoneRequest.${idField}`),
      expectOfRest: noSuchPath,
    }),
    ...[
      { name: "nobody has the id", given: nobody },
      { name: "a deleted user", given: deleted },
      { name: "a machine", given: machine },
    ].map(({ name, given }) =>
      row({ name, given, caller: "administrator", input: aWrongCode, expect: userMissing }),
    ),
    ...authenticationRows(row, verifyInput("x", "")),
  ];
}

function resendRows<S extends DescMessage, V extends DescMessage, R extends DescMessage>({
  name: service,
  idField,
  resend,
  resendInput,
}: Form<S, V, R>): readonly Scenario[] {
  const row = rowsOf(`${service} ResendContactPhoneCode`, resend);
  const userMissing = refused(Code.NotFound, "COMMAND-z8Bu9vuL9s");
  const input = ({ id }: TestUser): MessageInitShape<R> => resendInput(id);
  return [
    row({
      name: "by SMS",
      everyWay: true,
      given: withPendingPhone,
      caller: "self",
      input: ({ id }) => resendInput(id, sendCode),
      expect: ok(),
      effect: codeSent,
    }),
    row({
      name: "no word of how",
      given: withPendingPhone,
      caller: "ORG_USER_MANAGER",
      input,
      expect: ok(),
      effect: codeSent,
    }),
    row({
      name: "returned, just after the last SMS",
      everyWay: true,
      given: withSentCode,
      caller: "administrator",
      input: ({ id }) => resendInput(id, returnCode),
      expect: (_, world) => ok({ verificationCode: phoneCode(world) }),
      effect: ["user.human.phone.code.added"],
    }),
    row({
      name: "returned, for oneself",
      given: withSentCode,
      caller: "self",
      input: ({ id }) => resendInput(id, returnCode),
      expect: lacksPermission,
    }),
    row({
      name: "just after the last SMS",
      profile: "safe",
      given: withSentCode,
      caller: "self",
      input,
      expect: refused(Code.ResourceExhausted, "PHONE-w41ts", "in 30 s"),
    }),
    row({
      name: "just after the last SMS",
      profile: "zitadel",
      given: withSentCode,
      caller: "self",
      input,
      expect: ok(),
      effect: codeSent,
    }),
    ...[
      { name: "a verified number", given: withVerifiedPhone },
      { name: "no number", given: withoutPhone },
      { name: "a number that was removed", given: withRemovedPhone },
    ].map(({ name, given }) =>
      row({
        name,
        given,
        caller: "self",
        input,
        expect: refused(Code.FailedPrecondition, "COMMAND-fEsHdqECzb"),
      }),
    ),
    ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      row({ name: `by ${caller}`, given: withPendingPhone, caller, input, expect: lacksPermission }),
    ),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => resendInput(""),
      expect: invalid(`ResendContactPhoneCodeRequest.${idField}`),
      expectOfRest: noSuchPath,
    }),
    ...[
      { name: "nobody has the id", given: nobody },
      { name: "a deleted user", given: deleted },
      { name: "a machine", given: machine },
    ].map(({ name, given }) => row({ name, given, caller: "administrator", input, expect: userMissing })),
    ...authenticationRows(row, resendInput("x".repeat(201))),
  ];
}

function rowsOfForm<S extends DescMessage, V extends DescMessage, R extends DescMessage>(
  form: Form<S, V, R>,
): readonly Scenario[] {
  return [...setRows(form), ...verifyRows(form), ...resendRows(form)];
}

const legacy = UserService.method;
const resources = ZITADELUsers.method;

export const contactPhone: readonly Scenario[] = [
  ...rowsOfForm({
    name: "user.v3alpha",
    idField: "user_id",
    set: legacy.setContactPhone,
    setInput: (userId, phone) => (phone === undefined ? { userId } : { userId, phone }),
    // The contract names it like this, for the code of a phone.
    codeField: "emailCode",
    verify: legacy.verifyContactPhone,
    verifyInput: (userId, verificationCode) => ({ userId, verificationCode }),
    resend: legacy.resendContactPhoneCode,
    resendInput: (userId, verification) =>
      verification === undefined ? { userId } : { userId, verification },
  }),
  ...rowsOfForm({
    name: "resources.user.v3alpha",
    idField: "id",
    set: resources.setContactPhone,
    setInput: (id, phone) => (phone === undefined ? { id } : { id, phone }),
    codeField: "verificationCode",
    verify: resources.verifyContactPhone,
    verifyInput: (id, verificationCode) => ({ id, verificationCode }),
    resend: resources.resendContactPhoneCode,
    resendInput: (id, verification) => (verification === undefined ? { id } : { id, verification }),
  }),
];
