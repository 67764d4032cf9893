import { expect } from "@jest/globals";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import type { World } from "../../support/wire-world.ts";
import { inOwnOrganization, organizationRefused, withOwner } from "./management-v1-rows.ts";
import { badLanguage, everyPart, partsPastLimits, type TextOwner, textRows } from "./message-text-rows.ts";
import { invalid, ok, permissionRows, rowsOf, type Scenario } from "./scenario.ts";

/**
 * zitadel.management.v1.ManagementService: the message texts of the organization, in a world where nothing is set
 * for the instance.
 */

const { method } = ManagementService;

async function owner(world: World): Promise<TextOwner> {
  const user = await withOwner(world);
  const { id, organizationId, createdMs } = user;
  return { ...user, subject: { id: organizationId, organizationId, createdMs }, language: `sv-x-${id}` };
}

// ----------------------------------------------------------------------------------- …VerifyPhoneMessageText

const getPhone = rowsOf(
  "management.v1 GetCustomVerifyPhoneMessageText",
  method.getCustomVerifyPhoneMessageText,
);
const getDefaultPhone = rowsOf(
  "management.v1 GetDefaultVerifyPhoneMessageText",
  method.getDefaultVerifyPhoneMessageText,
);
const setPhone = rowsOf(
  "management.v1 SetCustomVerifyPhoneMessageText",
  method.setCustomVerifyPhoneMessageText,
);
const resetPhone = rowsOf(
  "management.v1 ResetCustomVerifyPhoneMessageTextToDefault",
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
      set: "SetCustomVerifyPhoneMessageTextRequest",
      reset: "ResetCustomVerifyPhoneMessageTextToDefaultRequest",
    },
    owner,
    missing: "Org-3b8Jf",
    put: (world, token, text) => world.callAs(token, method.setCustomVerifyPhoneMessageText, text),
    remove: (world, token, text) =>
      world.callAs(token, method.resetCustomVerifyPhoneMessageTextToDefault, text),
    variable: "{{.Code}}",
  }),
  setPhone({
    name: "every part, in the organization that the header names",
    given: owner,
    caller: "administrator",
    headers: inOwnOrganization,
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
      expect: invalid(`SetCustomVerifyPhoneMessageTextRequest.${field}`),
    }),
  ),
  ...permissionRows(getPhone, badLanguage, "IAM_USER_MANAGER"),
  ...permissionRows(getDefaultPhone, badLanguage, "IAM_USER_MANAGER"),
  ...permissionRows(setPhone, badLanguage, "ORG_USER_MANAGER"),
  ...permissionRows(resetPhone, badLanguage, "ORG_OWNER_VIEWER"),
];

// ---------------------------------------------------------------------------------- …VerifySMSOTPMessageText

const getOtp = rowsOf(
  "management.v1 GetCustomVerifySMSOTPMessageText",
  method.getCustomVerifySMSOTPMessageText,
);
const getDefaultOtp = rowsOf(
  "management.v1 GetDefaultVerifySMSOTPMessageText",
  method.getDefaultVerifySMSOTPMessageText,
);
const setOtp = rowsOf(
  "management.v1 SetCustomVerifySMSOTPMessageText",
  method.setCustomVerifySMSOTPMessageText,
);
const resetOtp = rowsOf(
  "management.v1 ResetCustomVerifySMSOTPMessageTextToDefault",
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
      set: "SetCustomVerifySMSOTPMessageTextRequest",
      reset: "ResetCustomVerifySMSOTPMessageTextToDefaultRequest",
    },
    owner,
    missing: "Org-3b8Jf",
    put: (world, token, text) => world.callAs(token, method.setCustomVerifySMSOTPMessageText, text),
    remove: (world, token, text) =>
      world.callAs(token, method.resetCustomVerifySMSOTPMessageTextToDefault, text),
    variable: "{{.OTP}}",
  }),
  ...permissionRows(getOtp, badLanguage, "IAM_USER_MANAGER"),
  ...permissionRows(getDefaultOtp, badLanguage, "IAM_USER_MANAGER"),
  ...permissionRows(setOtp, badLanguage, "ORG_USER_MANAGER"),
  ...permissionRows(resetOtp, badLanguage, "ORG_OWNER_VIEWER"),
];

// ------------------------------------------------------------------------------------------ the header

const organizationRows: readonly Scenario[] = organizationRefused.flatMap((refusal) => {
  const row = { ...refusal, input: () => ({ language: "en" }) };
  return [
    getPhone(row),
    getDefaultPhone(row),
    setPhone(row),
    resetPhone(row),
    getOtp(row),
    getDefaultOtp(row),
    setOtp(row),
    resetOtp(row),
  ];
});

export const managementV1Texts: readonly Scenario[] = [...phoneRows, ...otpRows, ...organizationRows];
