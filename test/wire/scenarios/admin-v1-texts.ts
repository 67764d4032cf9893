import { expect } from "@jest/globals";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import { adminToken, type World } from "../../support/wire-world.ts";
import { badLanguage, everyPart, partsPastLimits, type TextOwner, textRows } from "./message-text-rows.ts";
import { invalid, ok, permissionRows, rowsOf, type Scenario } from "./scenario.ts";
import { instance } from "./settings-json.ts";

/** zitadel.admin.v1.AdminService: the message texts of the instance. */

const { method } = AdminService;

/** The administrator, who sets texts in a language that nobody else asks for. */
function owner(world: World): TextOwner {
  const { id, ...others } = world.nobody();
  return { ...others, id, token: adminToken, subject: instance, language: `sv-x-${id}` };
}

// ----------------------------------------------------------------------------------- …VerifyPhoneMessageText

const getPhone = rowsOf("admin.v1 GetCustomVerifyPhoneMessageText", method.getCustomVerifyPhoneMessageText);
const getDefaultPhone = rowsOf(
  "admin.v1 GetDefaultVerifyPhoneMessageText",
  method.getDefaultVerifyPhoneMessageText,
);
const setPhone = rowsOf("admin.v1 SetDefaultVerifyPhoneMessageText", method.setDefaultVerifyPhoneMessageText);
const resetPhone = rowsOf(
  "admin.v1 ResetCustomVerifyPhoneMessageTextToDefault",
  method.resetCustomVerifyPhoneMessageTextToDefault,
);

const phoneRows: readonly Scenario[] = [
  ...textRows({
    get: getPhone,
    getDefault: getDefaultPhone,
    set: setPhone,
    reset: resetPhone,
    requests: {
      get: "GetCustomVerifyPhoneMessageTextRequest",
      getDefault: "GetDefaultVerifyPhoneMessageTextRequest",
      set: "SetDefaultVerifyPhoneMessageTextRequest",
      reset: "ResetCustomVerifyPhoneMessageTextToDefaultRequest",
    },
    owner,
    missing: "INSTANCE-fju90",
    put: (world, token, text) => world.callAs(token, method.setDefaultVerifyPhoneMessageText, text),
    remove: (world, token, text) =>
      world.callAs(token, method.resetCustomVerifyPhoneMessageTextToDefault, text),
    variable: "{{.Code}}",
  }),
  setPhone({
    name: "every part",
    given: owner,
    caller: "administrator",
    input: ({ language }) => ({ language, ...everyPart }),
    expect: ok(),
    effect: ["settings.message.text.set"],
    about: ({ subject }) => subject,
    after: async ({ token, language }, world) => {
      const { customText } = await world.callAs(token, method.getCustomVerifyPhoneMessageText, { language });
      expect(customText).toMatchObject(everyPart);
    },
  }),
  ...partsPastLimits.map(({ field, input }) =>
    setPhone({
      name: `too long a ${field}`,
      given: owner,
      caller: "self",
      input: ({ language }) => ({ language, ...input }),
      expect: invalid(`SetDefaultVerifyPhoneMessageTextRequest.${field}`),
    }),
  ),
  ...permissionRows(getPhone, badLanguage, "ORG_OWNER"),
  ...permissionRows(getDefaultPhone, badLanguage, "ORG_OWNER"),
  ...permissionRows(setPhone, badLanguage, "ORG_OWNER"),
  ...permissionRows(resetPhone, badLanguage, "ORG_OWNER"),
];

// ---------------------------------------------------------------------------------- …VerifySMSOTPMessageText

const getOtp = rowsOf("admin.v1 GetCustomVerifySMSOTPMessageText", method.getCustomVerifySMSOTPMessageText);
const getDefaultOtp = rowsOf(
  "admin.v1 GetDefaultVerifySMSOTPMessageText",
  method.getDefaultVerifySMSOTPMessageText,
);
const setOtp = rowsOf("admin.v1 SetDefaultVerifySMSOTPMessageText", method.setDefaultVerifySMSOTPMessageText);
const resetOtp = rowsOf(
  "admin.v1 ResetCustomVerifySMSOTPMessageTextToDefault",
  method.resetCustomVerifySMSOTPMessageTextToDefault,
);

const otpRows: readonly Scenario[] = [
  ...textRows({
    get: getOtp,
    getDefault: getDefaultOtp,
    set: setOtp,
    reset: resetOtp,
    requests: {
      get: "GetCustomVerifySMSOTPMessageTextRequest",
      getDefault: "GetDefaultVerifySMSOTPMessageTextRequest",
      set: "SetDefaultVerifySMSOTPMessageTextRequest",
      reset: "ResetCustomVerifySMSOTPMessageTextToDefaultRequest",
    },
    owner,
    missing: "INSTANCE-fju90",
    put: (world, token, text) => world.callAs(token, method.setDefaultVerifySMSOTPMessageText, text),
    remove: (world, token, text) =>
      world.callAs(token, method.resetCustomVerifySMSOTPMessageTextToDefault, text),
    variable: "{{.OTP}}",
  }),
  ...permissionRows(getOtp, badLanguage, "ORG_OWNER"),
  ...permissionRows(getDefaultOtp, badLanguage, "ORG_OWNER"),
  ...permissionRows(setOtp, badLanguage, "ORG_OWNER"),
  ...permissionRows(resetOtp, badLanguage, "ORG_OWNER"),
];

export const adminV1Texts: readonly Scenario[] = [...phoneRows, ...otpRows];
