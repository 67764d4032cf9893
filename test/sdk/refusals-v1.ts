import { Code } from "@connectrpc/connect";
import { AdminService as KnownAdmin } from "@zitadel/proto/zitadel/admin_pb.js";
import { AuthService as KnownAuth } from "@zitadel/proto/zitadel/auth_pb.js";
import { ManagementService as KnownManagement } from "@zitadel/proto/zitadel/management_pb.js";
import { SecretGeneratorType } from "@zitadel/proto/zitadel/settings_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { lockout, people, refusalsOf, type ServiceRefusals, tooLarge } from "./refusals.ts";

const { AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Unauthenticated } = Code;
const { withoutPhone, verified, inactive } = people;

const human = {
  userName: "ada",
  profile: { firstName: "Ada", lastName: "Lovelace" },
  email: { email: "ada@example.com" },
};
const nobody = { id: "nobody" };
const ofNobody = { userId: "nobody" };
const noLanguage = { language: "no language" };
const unset = { language: "fr" };
const badText = { language: "en", text: "{{.Secret}}" };
const health = { healthz: "it needs no token, and has nothing to look up" };

/** All services of v1. */
export const refusalsV1: readonly ServiceRefusals[] = [
  refusalsOf(
    AuthService,
    KnownAuth,
    {
      getMyUser: [Unauthenticated, "AUTH-7fs1e", {}, "stranger"],
      getMyPhone: [FailedPrecondition, "QUERY-hliQl", {}],
      setMyPhone: [FailedPrecondition, "COMMAND-wF94r", { phone: verified.number }, "verified"],
      verifyMyPhone: [InvalidArgument, "COMMAND-sM0cs", { code: "wrong1" }, "pending"],
      resendMyPhoneVerification: [FailedPrecondition, "COMMAND-2M9sf", {}, "verified"],
      removeMyPhone: [NotFound, "COMMAND-p6rsc", {}, "withoutPhone"],
      listMyAuthFactors: [Unauthenticated, "AUTH-7fs1e", {}, "stranger"],
      addMyAuthFactorOTPSMS: [AlreadyExists, "COMMAND-Ad3g2", {}, "enrolled"],
      removeMyAuthFactorOTPSMS: [NotFound, "COMMAND-Sr3h3", {}, "withoutPhone"],
    },
    health,
  ),

  refusalsOf(
    ManagementService,
    KnownManagement,
    {
      getUserByID: [NotFound, "QUERY-Dfbg2", nobody],
      listUsers: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
      addHumanUser: [InvalidArgument, "PHONE-so0wa", { ...human, phone: { phone: "+" } }],
      importHumanUser: [InvalidArgument, "PHONE-so0wa", { ...human, phone: { phone: "+" } }],
      deactivateUser: [FailedPrecondition, "COMMAND-5M0sf", { id: inactive.id }],
      reactivateUser: [FailedPrecondition, "COMMAND-6M0sf", { id: verified.id }],
      lockUser: [FailedPrecondition, "COMMAND-3NN8v", { id: inactive.id }],
      unlockUser: [FailedPrecondition, "COMMAND-4M0ds", { id: verified.id }],
      removeUser: [NotFound, "COMMAND-m9od", nobody],
      getHumanPhone: [NotFound, "QUERY-DAvb3", ofNobody],
      updateHumanPhone: [FailedPrecondition, "COMMAND-3M0fs", { ...ofNobody, phone: verified.number }],
      removeHumanPhone: [FailedPrecondition, "COMMAND-3M9fs", ofNobody],
      resendHumanPhoneVerification: [NotFound, "COMMAND-2b7Hf", { userId: withoutPhone.id }],
      listHumanAuthFactors: [NotFound, "QUERY-Dfbg2", ofNobody],
      removeHumanAuthFactorOTPSMS: [NotFound, "COMMAND-Sr3h3", { userId: verified.id }],
      getLockoutPolicy: [NotFound, "AUTHZ-cdgFk", {}, "verified"],
      getDefaultLockoutPolicy: [NotFound, "AUTHZ-cdgFk", {}, "verified"],
      addCustomLockoutPolicy: [AlreadyExists, "ORG-0olDf", lockout],
      updateCustomLockoutPolicy: [FailedPrecondition, "ORG-4M9vs", lockout],
      resetLockoutPolicyToDefault: [NotFound, "AUTHZ-cdgFk", {}, "verified"],
      getCustomVerifyPhoneMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      getDefaultVerifyPhoneMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      setCustomVerifyPhoneMessageText: [InvalidArgument, "TEXT-v4Unk", badText],
      resetCustomVerifyPhoneMessageTextToDefault: [NotFound, "Org-3b8Jf", unset],
      getCustomVerifySMSOTPMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      getDefaultVerifySMSOTPMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      setCustomVerifySMSOTPMessageText: [InvalidArgument, "TEXT-v4Unk", badText],
      resetCustomVerifySMSOTPMessageTextToDefault: [NotFound, "Org-3b8Jf", unset],
    },
    health,
  ),

  refusalsOf(
    AdminService,
    KnownAdmin,
    {
      listSecretGenerators: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
      getSecretGenerator: [NotFound, "QUERY-3k9og", { generatorType: SecretGeneratorType.APP_SECRET }],
      updateSecretGenerator: [
        InvalidArgument,
        "CODE-aa1wf",
        { generatorType: SecretGeneratorType.OTP_SMS, length: 8 },
      ],
      listSMSProviders: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
      getSMSProvider: [NotFound, "QUERY-fn99w", nobody],
      addSMSProviderTwilio: [NotFound, "AUTHZ-cdgFk", { sid: "AC1", token: "secret" }, "verified"],
      updateSMSProviderTwilio: [NotFound, "COMMAND-MUY0IFAf8O", { ...nobody, sid: "AC1" }],
      updateSMSProviderTwilioToken: [NotFound, "COMMAND-ij3NhEHATp", { ...nobody, token: "secret" }],
      addSMSProviderHTTP: [InvalidArgument, "SMS-u4Rlx", { endpoint: "not a url" }],
      updateSMSProviderHTTP: [
        NotFound,
        "COMMAND-6NW4I5Kqzj",
        { ...nobody, endpoint: "https://example.com/sms" },
      ],
      activateSMSProvider: [NotFound, "COMMAND-9ULtp9PH5E", nobody],
      deactivateSMSProvider: [NotFound, "COMMAND-La91dGNhbM", nobody],
      removeSMSProvider: [NotFound, "COMMAND-povEVHPCkV", nobody],
      getLockoutPolicy: [NotFound, "AUTHZ-cdgFk", {}, "verified"],
      updateLockoutPolicy: [FailedPrecondition, "INSTANCE-0psjF", lockout],
      getDefaultVerifyPhoneMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      getCustomVerifyPhoneMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      setDefaultVerifyPhoneMessageText: [InvalidArgument, "TEXT-v4Unk", badText],
      resetCustomVerifyPhoneMessageTextToDefault: [NotFound, "INSTANCE-fju90", unset],
      getDefaultVerifySMSOTPMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      getCustomVerifySMSOTPMessageText: [InvalidArgument, "TEXT-l4Ngu", noLanguage],
      setDefaultVerifySMSOTPMessageText: [InvalidArgument, "TEXT-v4Unk", badText],
      resetCustomVerifySMSOTPMessageTextToDefault: [NotFound, "INSTANCE-fju90", unset],
    },
    health,
  ),
];
