import { adminV1BuiltIn, adminV1Settings } from "./scenarios/admin-v1-settings.ts";
import { adminV1SmsProviderConfigs } from "./scenarios/admin-v1-sms-provider-configs.ts";
import { adminV1SmsProviders } from "./scenarios/admin-v1-sms-providers.ts";
import { adminV1Texts } from "./scenarios/admin-v1-texts.ts";
import { authV1 } from "./scenarios/auth-v1.ts";
import { codeRequests } from "./scenarios/code-requests.ts";
import { contactPhone } from "./scenarios/contact-phone.ts";
import { deliveryV1Messages } from "./scenarios/delivery-v1-messages.ts";
import { deliveryV1Providers } from "./scenarios/delivery-v1-providers.ts";
import { deliveryV1Routes } from "./scenarios/delivery-v1-routes.ts";
import { managementV1Accounts } from "./scenarios/management-v1-accounts.ts";
import { managementV1ListUsers } from "./scenarios/management-v1-list-users.ts";
import { managementV1Phones } from "./scenarios/management-v1-phones.ts";
import { managementV1Settings } from "./scenarios/management-v1-settings.ts";
import { managementV1Texts } from "./scenarios/management-v1-texts.ts";
import { otpSms } from "./scenarios/otp-sms.ts";
import { otpSmsRegistrations } from "./scenarios/otp-sms-registrations.ts";
import { phoneV2 } from "./scenarios/phone-v2.ts";
import { roleHolders } from "./scenarios/role-holders.ts";
import { ringback } from "./scenarios/ringback.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { sessionsV2, sessionsV2beta } from "./scenarios/session-v2.ts";
import { settingsV2 } from "./scenarios/settings-v2.ts";
import { userStates } from "./scenarios/user-states.ts";
import { userV2AccessTokens } from "./scenarios/user-v2-access-tokens.ts";
import { userV2Accounts } from "./scenarios/user-v2-accounts.ts";
import { userV2List } from "./scenarios/user-v2-list.ts";
import { userV2Updates } from "./scenarios/user-v2-updates.ts";
import { userV2 } from "./scenarios/user-v2.ts";
import { userV3alphaAccounts } from "./scenarios/user-v3alpha-accounts.ts";
import { userV3alphaPlaces } from "./scenarios/user-v3alpha-places.ts";
import { userV3alphaSearch } from "./scenarios/user-v3alpha-search.ts";

/** Those that ask a list, and so depend on how the store searches. */
export const lists: readonly Scenario[] = [
  ...managementV1ListUsers,
  ...userV2List,
  ...userV2AccessTokens,
  ...userV3alphaSearch,
];

/** Every scenario that a world can share with others: it changes nothing that they would notice. */
export const scenarios: readonly Scenario[] = [
  ...lists,
  ...authV1,
  ...managementV1Accounts,
  ...managementV1Phones,
  ...managementV1Settings,
  ...managementV1Texts,
  ...adminV1BuiltIn,
  ...userV2,
  ...userV2Accounts,
  ...userV2Updates,
  ...userStates,
  ...roleHolders,
  ...phoneV2,
  ...otpSms,
  ...otpSmsRegistrations,
  ...sessionsV2,
  ...sessionsV2beta,
  ...settingsV2,
  ...userV3alphaAccounts,
  ...userV3alphaPlaces,
  ...contactPhone,
  ...ringback,
  ...deliveryV1Messages,
  ...codeRequests,
];

/** Those that change settings of the whole instance: for worlds where nothing else depends on them. */
export const settingsScenarios: readonly Scenario[] = [
  ...adminV1Settings,
  ...adminV1Texts,
  ...adminV1SmsProviderConfigs,
  ...adminV1SmsProviders,
  ...deliveryV1Providers,
  ...deliveryV1Routes,
];
