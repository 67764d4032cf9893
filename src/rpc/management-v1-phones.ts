import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  GetHumanPhoneResponseSchema,
  ListHumanAuthFactorsResponseSchema,
  type ManagementService,
  RemoveHumanAuthFactorOTPSMSResponseSchema,
  RemoveHumanPhoneResponseSchema,
  ResendHumanPhoneVerificationResponseSchema,
  UpdateHumanPhoneResponseSchema,
} from "../../gen/zitadel/management/v1/management_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { hasOtpSms, removeOtpSms } from "../app/otp-sms.ts";
import { getPhone, removePhone, resendPhoneCode, setPhone } from "../app/phone.ts";
import { v1 } from "../domain/generations.ts";
import { v1AuthFactors } from "./auth-factors-v1.ts";
import { codeRequestOf } from "./code-request.ts";
import { v1ChangeDetails, v1ViewDetails } from "./details.ts";
import { callerOf, userIn } from "./gate.ts";

type Methods = Pick<
  ServiceImpl<typeof ManagementService>,
  | "getHumanPhone"
  | "updateHumanPhone"
  | "resendHumanPhoneVerification"
  | "removeHumanPhone"
  | "listHumanAuthFactors"
  | "removeHumanAuthFactorOTPSMS"
>;

/** zitadel.management.v1.ManagementService: phone numbers and factors. */
export function managementPhonesV1(app: AppContext): Methods {
  return {
    async getHumanPhone({ userId }, context) {
      const { details, number, isVerified } = await getPhone(app, callerOf(context), userIn(context, userId));
      return create(GetHumanPhoneResponseSchema, {
        details: v1ViewDetails(details),
        phone: { phone: number, isPhoneVerified: isVerified },
      });
    },

    async updateHumanPhone({ userId, phone: number, isPhoneVerified }, context) {
      const verification = isPhoneVerified ? "is_verified" : "send_code";
      const command = {
        ...codeRequestOf(context),
        ...userIn(context, userId),
        number,
        verification,
      } as const;
      const { details } = await setPhone(app, callerOf(context), command, v1.set);
      return create(UpdateHumanPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async resendHumanPhoneVerification({ userId }, context) {
      const user = userIn(context, userId);
      const command = { ...codeRequestOf(context), ...user, verification: "send_code" } as const;
      const { details } = await resendPhoneCode(app, callerOf(context), command, v1.resend);
      return create(ResendHumanPhoneVerificationResponseSchema, { details: v1ChangeDetails(details) });
    },

    async removeHumanPhone({ userId }, context) {
      const details = await removePhone(app, callerOf(context), userIn(context, userId), v1.remove);
      return create(RemoveHumanPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async listHumanAuthFactors({ userId }, context) {
      const has = await hasOtpSms(app, callerOf(context), userIn(context, userId));
      return create(ListHumanAuthFactorsResponseSchema, { result: v1AuthFactors(has) });
    },

    async removeHumanAuthFactorOTPSMS({ userId }, context) {
      const details = await removeOtpSms(app, callerOf(context), userIn(context, userId));
      return create(RemoveHumanAuthFactorOTPSMSResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}
