import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { toJson } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { InboxService } from "../../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { RoleService } from "../../../gen/ringback/role/v1/role_service_pb.js";
import { TextService, TextType } from "../../../gen/ringback/text/v1/text_service_pb.js";
import { TokenService } from "../../../gen/ringback/token/v1/token_service_pb.js";
import { AuthService } from "../../../gen/zitadel/auth/v1/auth_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserServiceV3alpha } from "../../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { Role } from "../../../src/auth/roles.ts";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import { deactivated, deleted, locked, machine, nobody, withoutPhone, withSentCode } from "./givens.ts";
import { invalid, noSuchPath, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { bySms, enrolled, open } from "./session-givens.ts";

/** The services of our own: tokens, roles, inbox, texts. */

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
const time = (ms: number): unknown => toJson(TimestampSchema, timestampFromMs(ms));

const withRole =
  (role: Role) =>
  async (world: World): Promise<TestUser> => {
    const user = await world.user();
    await world.asAdmin(RoleService.method.setRoles, { userId: user.id, roles: [role] });
    return user;
  };

// -------------------------------------------------------------------------------------------- tokens

const mint = rowsOf("token.v1 CreateToken", TokenService.method.createToken);

/** Tokens tell time in whole seconds. */
const tokenFor = (seconds: number, { clock }: World): ReturnType<typeof ok> =>
  ok({
    token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expireTime: time((Math.floor(clock.ms / 1000) + seconds) * 1000),
  });

const tokenRows: readonly Scenario[] = [
  mint({
    name: "for a user",
    everyWay: true,
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: (_, world) => tokenFor(15 * 60, world),
    after: async ({ id }, world, { token }) => {
      const { user } = await world.callAs(String(token), AuthService.method.getMyUser, {});
      expect(user?.id).toBe(id);
    },
  }),
  mint({
    name: "for a second",
    given: withoutPhone,
    caller: "IAM_LOGIN_CLIENT",
    input: ({ id }) => ({ userId: id, lifetime: { seconds: 1n } }),
    expect: (_, world) => tokenFor(1, world),
  }),
  mint({
    name: "for a day, by the owner of the organization",
    given: withoutPhone,
    caller: "ORG_OWNER",
    input: ({ id }) => ({ userId: id, lifetime: { seconds: 86_400n } }),
    expect: (_, world) => tokenFor(86_400, world),
  }),
  mint({
    name: "for a day and a second",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, lifetime: { seconds: 86_401n } }),
    expect: invalid("CreateTokenRequest.lifetime"),
  }),
  mint({
    name: "for no time",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, lifetime: { seconds: 0n } }),
    expect: invalid("CreateTokenRequest.lifetime"),
  }),
  mint({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("CreateTokenRequest.user_id"),
  }),
  mint({
    name: "nobody has the id",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: refused(Code.NotFound, "TOKEN-u2Mw7"),
  }),
  mint({
    name: "a deleted user",
    given: deleted,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: refused(Code.NotFound, "TOKEN-u2Mw7"),
  }),
  mint({
    name: "a locked user",
    profile: "safe",
    given: locked,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: refused(Code.FailedPrecondition, "COMMAND-S6h4R"),
  }),
  mint({
    name: "a deactivated user",
    given: deactivated,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: refused(Code.FailedPrecondition, "TOKEN-n4Act"),
  }),
  mint({
    name: "for a user with a role, by one who may not give roles",
    given: withRole("ORG_OWNER_VIEWER"),
    caller: "IAM_LOGIN_CLIENT",
    input: ({ id }) => ({ userId: id }),
    expect: lacksPermission,
  }),
  mint({
    name: "for a user with a role, by the administrator",
    given: withRole("ORG_OWNER_VIEWER"),
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: (_, world) => tokenFor(15 * 60, world),
  }),
  mint({
    name: "by the owner of another organization",
    given: withoutPhone,
    caller: "ORG_OWNER elsewhere",
    input: ({ id }) => ({ userId: id }),
    expect: lacksPermission,
  }),
  ...permissionRows(mint, { userId: "" }, "IAM_USER_MANAGER"),
];

// --------------------------------------------------------------------------------------------- roles

const setRoles = rowsOf("role.v1 SetRoles", RoleService.method.setRoles);

const roleRows: readonly Scenario[] = [
  setRoles({
    name: "a first role, which works on the next call",
    everyWay: true,
    given: async (world) => {
      const user = await world.user();
      return { ...user, token: await world.token(user.id) };
    },
    caller: "administrator",
    input: ({ id }) => ({ userId: id, roles: ["IAM_OWNER"] }),
    expect: ok({ roles: ["IAM_OWNER"] }),
    effect: ["user.roles.set"],
    after: async ({ token }, world) => {
      await world.callAs(token, UserService.method.getUserByID, {
        userId: "administrator",
      });
    },
  }),
  setRoles({
    name: "another role in the place of one",
    given: async (world) => {
      const user = await world.user();
      await world.asAdmin(RoleService.method.setRoles, { userId: user.id, roles: ["ORG_OWNER"] });
      return user;
    },
    caller: "administrator",
    input: ({ id }) => ({ userId: id, roles: ["ORG_USER_MANAGER"] }),
    expect: ok({ roles: ["ORG_USER_MANAGER"] }),
    effect: ["user.roles.set"],
  }),
  setRoles({
    name: "the roles that the user has, in another order",
    given: async (world) => {
      const user = await world.user();
      const roles = ["ORG_OWNER", "ORG_USER_MANAGER"];
      await world.asAdmin(RoleService.method.setRoles, { userId: user.id, roles });
      return user;
    },
    caller: "administrator",
    input: ({ id }) => ({ userId: id, roles: ["ORG_USER_MANAGER", "ORG_OWNER"] }),
    expect: ok({ roles: ["ORG_OWNER", "ORG_USER_MANAGER"] }),
  }),
  setRoles({
    name: "none, which takes all away",
    given: withRole("IAM_OWNER"),
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: ok(),
    effect: ["user.roles.set"],
    after: async ({ id }, world) => {
      const token = await world.token(id);
      await expect(
        world.callAs(token, UserService.method.getUserByID, { userId: "administrator" }),
      ).rejects.toThrow("AUTH-AWfge");
    },
  }),
  setRoles({
    name: "a role that does not exist",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, roles: ["ORG_OWNER", "ROOT"] }),
    expect: refused(Code.InvalidArgument, "ROLES-k7Qx2", "There is no role ROOT"),
  }),
  setRoles({
    name: "a role twice",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, roles: ["ORG_OWNER", "ORG_OWNER"] }),
    expect: invalid("SetRolesRequest.roles"),
  }),
  setRoles({
    name: "nobody has the id",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, roles: ["ORG_OWNER"] }),
    expect: refused(Code.NotFound, "ROLES-u5Nf3"),
  }),
  setRoles({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "", roles: ["ORG_OWNER"] }),
    expect: invalid("SetRolesRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...permissionRows(setRoles, { userId: "x".repeat(201) }, "ORG_OWNER"),
];

// --------------------------------------------------------------------------------------------- inbox

const list = rowsOf("inbox.v1 ListMessages", InboxService.method.listMessages);
const wait = rowsOf("inbox.v1 WaitForMessage", InboxService.method.waitForMessage);
const clear = rowsOf("inbox.v1 ClearMessages", InboxService.method.clearMessages);

/** The SMS of a verification, just sent. */
function smsTo({ id, number, code }: UserWithCode, { clock, profile }: World): object {
  const [minutes, words] = profile === "safe" ? [10, "10 minutes"] : [60, "1 hour"];
  return {
    id: expect.stringMatching(/^[0-9]+$/),
    phoneNumber: number,
    text: `${code} is your code to verify your phone number. It is valid for ${words}. Never share it.`,
    code,
    purpose: "PURPOSE_VERIFY_PHONE",
    userId: id,
    createTime: time(clock.ms),
    expireTime: time(clock.ms + minutes * 60_000),
  };
}

async function withTwoMessages(world: World) {
  const user = await withSentCode(world);
  const first = await world.lastMessage(user.number);
  world.clock.ms += 30_000;
  await world.asAdmin(UserService.method.resendPhoneCode, { userId: user.id });
  return { ...user, first, second: await world.lastMessage(user.number) };
}

async function withOtpSms(world: World): Promise<TestUser> {
  const user = await world.user();
  const input = { userId: user.id, phone: { number: user.number } };
  await world.asAdmin(UserServiceV3alpha.method.addOTPSMSAuthenticator, input);
  return user;
}

const inboxRows: readonly Scenario[] = [
  list({
    name: "one message to the number",
    everyWay: true,
    given: withSentCode,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: (user, world) => ok({ messages: [smsTo(user, world)] }),
  }),
  list({
    name: "the newest first",
    given: withTwoMessages,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: ({ first, second }) =>
      ok({
        messages: [expect.objectContaining({ id: second.id }), expect.objectContaining({ id: first.id })],
      }),
  }),
  list({
    name: "not more than the limit, of all numbers",
    given: withTwoMessages,
    caller: "administrator",
    input: () => ({ limit: 1 }),
    expect: ({ second }) => ok({ messages: [expect.objectContaining({ id: second.id })] }),
  }),
  list({
    name: "a code of an OTP SMS registration",
    given: withOtpSms,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: ok({
      messages: [
        expect.objectContaining({
          purpose: "PURPOSE_VERIFY_OTP_SMS",
          text: expect.stringMatching(
            /^[0-9]{8} is your code to verify your phone number\. It is valid for 5 minutes\./,
          ),
        }),
      ],
    }),
  }),
  list({
    name: "a one-time code of a session",
    given: async (world) => open(world, await enrolled(world), { challenges: bySms }),
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: ok({ messages: [expect.objectContaining({ purpose: "PURPOSE_OTP_SMS" })] }),
  }),
  list({
    name: "no message",
    given: nobody,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: ok(),
  }),
  list({
    name: "a limit of 1001",
    given: machine,
    caller: "administrator",
    input: () => ({ limit: 1001 }),
    expect: invalid("ListMessagesRequest.limit"),
  }),
  ...permissionRows(list, { limit: 1001 }, "IAM_USER_MANAGER"),

  wait({
    name: "a message that is there",
    everyWay: true,
    given: withSentCode,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: (user, world) => ok({ message: smsTo(user, world) }),
  }),
  wait({
    name: "the oldest",
    given: withTwoMessages,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number, afterMessageId: "0" }),
    expect: ({ first }) => ok({ message: expect.objectContaining({ id: first.id, code: first.code }) }),
  }),
  wait({
    name: "the one after another",
    given: withTwoMessages,
    caller: "administrator",
    input: ({ number, first }) => ({ phoneNumber: number, afterMessageId: first.id }),
    expect: ({ second }) => ok({ message: expect.objectContaining({ id: second.id, code: second.code }) }),
  }),
  wait({
    name: "what is no id",
    given: machine,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number, afterMessageId: "first" }),
    expect: invalid("WaitForMessageRequest.after_message_id"),
  }),
  wait({
    name: "an empty number",
    given: machine,
    caller: "administrator",
    input: () => ({ phoneNumber: "" }),
    expect: invalid("WaitForMessageRequest.phone_number"),
  }),
  wait({
    name: "a number whose + was not written %2B in a URL",
    given: machine,
    caller: "administrator",
    input: () => ({ phoneNumber: " 41791234569" }),
    expect: invalid("WaitForMessageRequest.phone_number"),
  }),
  ...permissionRows(wait, { phoneNumber: "" }, "IAM_LOGIN_CLIENT"),

  clear({
    name: "the messages to a number",
    everyWay: true,
    given: withTwoMessages,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: ok({ count: 2 }),
    after: async ({ number }, world) => {
      await expect(world.lastMessage(number)).rejects.toThrow("there is no SMS");
    },
  }),
  clear({
    name: "no message",
    given: nobody,
    caller: "administrator",
    input: ({ number }) => ({ phoneNumber: number }),
    expect: ok(),
  }),
  clear({
    name: "a number that is not in E.164",
    given: machine,
    caller: "administrator",
    input: () => ({ phoneNumber: "079 123 45 69" }),
    expect: invalid("ClearMessagesRequest.phone_number"),
  }),
  ...permissionRows(clear, { phoneNumber: "079 123 45 69" }, "IAM_USER_MANAGER"),
];

// --------------------------------------------------------------------------------------------- texts

const preview = rowsOf("text.v1 PreviewText", TextService.method.previewText);

const phoneText = { textType: TextType.VERIFY_PHONE, language: "en" };

const textRows: readonly Scenario[] = [
  preview({
    name: "the text in force",
    everyWay: true,
    given: nobody,
    caller: "ORG_OWNER",
    input: () => ({ ...phoneText, textType: TextType.VERIFY_SMS_OTP }),
    expect: ok({
      text: expect.stringMatching(/^[0-9]{8} is your one-time code\. /),
      encoding: "ENCODING_GSM7",
      segments: 1,
    }),
  }),
  preview({
    name: "a text that is not saved yet, above one segment",
    everyWay: true,
    given: nobody,
    caller: "ORG_OWNER",
    input: () => ({ ...phoneText, text: `{{.Code}} ${"ã".repeat(70)}` }),
    expect: ok({
      text: expect.stringMatching(/^\w{6} ã{70}$/),
      encoding: "ENCODING_UCS2",
      segments: 2,
      warnings: [expect.stringContaining("2 segments")],
    }),
  }),
  preview({
    name: "a text of an organization by its id",
    given: nobody,
    caller: "administrator",
    input: () => ({ ...phoneText, organizationId: "another" }),
    expect: ok({ text: expect.any(String), encoding: "ENCODING_GSM7", segments: 1 }),
  }),
  preview({
    name: "a text of an organization, by the owner of another one",
    given: nobody,
    caller: "ORG_OWNER",
    input: () => ({ ...phoneText, organizationId: "another" }),
    expect: lacksPermission,
  }),
  preview({
    name: "a variable that no message has",
    given: nobody,
    caller: "ORG_OWNER",
    input: () => ({ ...phoneText, text: "{{.Password}}" }),
    expect: refused(Code.InvalidArgument, "TEXT-v4Unk", "Password"),
  }),
  preview({
    name: "braces that enclose no variable",
    given: nobody,
    caller: "ORG_OWNER",
    input: () => ({ ...phoneText, text: "{{.Code}" }),
    expect: refused(Code.InvalidArgument, "TEXT-m4Lfd"),
  }),
  preview({
    name: "what is no language",
    given: nobody,
    caller: "ORG_OWNER",
    input: () => ({ ...phoneText, language: "no language" }),
    expect: refused(Code.InvalidArgument, "TEXT-l4Ngu"),
  }),
  ...[
    { field: "text_type", input: { ...phoneText, textType: TextType.UNSPECIFIED } },
    { field: "text_type", input: { ...phoneText, textType: 3 } },
    { field: "language", input: { ...phoneText, language: "" } },
    { field: "language", input: { ...phoneText, language: "x".repeat(201) } },
    { field: "text", input: { ...phoneText, text: "x".repeat(801) } },
    { field: "organization_id", input: { ...phoneText, organizationId: "x".repeat(201) } },
  ].map(({ field, input }, index) =>
    preview({
      name: `an invalid ${field} (${index})`,
      given: nobody,
      caller: "ORG_OWNER",
      input: () => input,
      expect: invalid(`PreviewTextRequest.${field}`),
    }),
  ),
  ...permissionRows(preview, { language: "" }, "IAM_USER_MANAGER"),
];

export const ringback: readonly Scenario[] = [...tokenRows, ...roleRows, ...inboxRows, ...textRows];
