import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AuthenticationMethodType,
  AuthFactors,
  AuthFactorState,
} from "../../gen/zitadel/user/v2/auth_factor_pb.js";
import {
  AddOTPSMSResponseSchema,
  HumanMFAInitSkippedResponseSchema,
  ListAuthenticationFactorsResponseSchema,
  ListAuthenticationMethodTypesResponseSchema,
  RemoveOTPSMSResponseSchema,
  type UserService,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { addOtpSms, hasOtpSms, removeOtpSms, skipMfaInit } from "../app/otp-sms.ts";
import { v2ChangeDetails, v2ListDetails } from "./details.ts";
import { callerOf } from "./gate.ts";

type Methods = Pick<
  ServiceImpl<typeof UserService>,
  | "addOTPSMS"
  | "removeOTPSMS"
  | "listAuthenticationMethodTypes"
  | "listAuthenticationFactors"
  | "humanMFAInitSkipped"
>;

/** zitadel.user.v2.UserService: second factors. */
export function factorsV2(app: AppContext): Methods {
  return {
    async addOTPSMS({ userId }, context) {
      const details = await addOtpSms(app, callerOf(context), { userId });
      return create(AddOTPSMSResponseSchema, { details: v2ChangeDetails(details) });
    },

    async removeOTPSMS({ userId }, context) {
      const details = await removeOtpSms(app, callerOf(context), { userId });
      return create(RemoveOTPSMSResponseSchema, { details: v2ChangeDetails(details) });
    },

    async listAuthenticationMethodTypes({ userId }, context) {
      const has = await hasOtpSms(app, callerOf(context), { userId });
      return create(ListAuthenticationMethodTypesResponseSchema, {
        details: v2ListDetails({ total: has ? 1 : 0, atMs: app.clock.nowMs() }),
        authMethodTypes: has ? [AuthenticationMethodType.OTP_SMS] : [],
      });
    },

    async listAuthenticationFactors({ userId, authFactors, states }, context) {
      const has = await hasOtpSms(app, callerOf(context), { userId });
      const isAsked =
        (authFactors.length === 0 || authFactors.includes(AuthFactors.OTP_SMS)) &&
        (states.length === 0 || states.includes(AuthFactorState.READY));
      const factor = { state: AuthFactorState.READY, type: { case: "otpSms", value: {} } } as const;
      return create(ListAuthenticationFactorsResponseSchema, { result: has && isAsked ? [factor] : [] });
    },

    async humanMFAInitSkipped({ userId }, context) {
      const details = await skipMfaInit(app, callerOf(context), { userId });
      return create(HumanMFAInitSkippedResponseSchema, { details: v2ChangeDetails(details) });
    },
  };
}
