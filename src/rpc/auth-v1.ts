import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddMyAuthFactorOTPSMSResponseSchema,
  type AuthService,
  GetMyPhoneResponseSchema,
  GetMyUserResponseSchema,
  ListMyAuthFactorsResponseSchema,
  RemoveMyAuthFactorOTPSMSResponseSchema,
  RemoveMyPhoneResponseSchema,
  ResendMyPhoneVerificationResponseSchema,
  SetMyPhoneResponseSchema,
  VerifyMyPhoneResponseSchema,
} from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import type { AppContext, UserRef } from "../app/context.ts";
import { getUser } from "../app/account.ts";
import { addOtpSms, hasOtpSms, removeOtpSms } from "../app/otp-sms.ts";
import { getPhone, removePhone, resendPhoneCode, setPhone, verifyPhone } from "../app/phone.ts";
import type { Caller } from "../app/auth-port.ts";
import { v1 } from "../domain/generations.ts";
import { v1AuthFactors } from "./auth-factors-v1.ts";
import { codeRequestOf } from "./code-request.ts";
import { v1AddDetails, v1ChangeDetails, v1ViewDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { v1User } from "./users.ts";

/** zitadel.auth.v1.AuthService: what callers may do with their own account. */
export function authV1(app: AppContext): ServiceImpl<typeof AuthService> {
  return {
    healthz: () => ({}),

    async getMyUser(_request, context) {
      const caller = callerOf(context);
      return create(GetMyUserResponseSchema, { user: v1User(await getUser(app, caller, self(caller))) });
    },

    async getMyPhone(_request, context) {
      const caller = callerOf(context);
      const { details, number, isVerified } = await getPhone(app, caller, self(caller));
      return create(GetMyPhoneResponseSchema, {
        details: v1ViewDetails(details),
        phone: { phone: number, isPhoneVerified: isVerified },
      });
    },

    async setMyPhone(request, context) {
      const caller = callerOf(context);
      const to = { ...self(caller), number: request.phone, verification: "send_code" } as const;
      const command = { ...codeRequestOf(context), ...to };
      const { details } = await setPhone(app, caller, command, v1.set);
      return create(SetMyPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async verifyMyPhone(request, context) {
      const caller = callerOf(context);
      const command = { ...self(caller), code: request.code };
      const details = await verifyPhone(app, caller, command, v1.verify);
      return create(VerifyMyPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async resendMyPhoneVerification(_request, context) {
      const caller = callerOf(context);
      const command = { ...codeRequestOf(context), ...self(caller), verification: "send_code" } as const;
      const { details } = await resendPhoneCode(app, caller, command, v1.resend);
      return create(ResendMyPhoneVerificationResponseSchema, { details: v1ChangeDetails(details) });
    },

    async removeMyPhone(_request, context) {
      const caller = callerOf(context);
      const details = await removePhone(app, caller, self(caller), v1.remove);
      return create(RemoveMyPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async listMyAuthFactors(_request, context) {
      const caller = callerOf(context);
      const has = await hasOtpSms(app, caller, self(caller));
      return create(ListMyAuthFactorsResponseSchema, { result: v1AuthFactors(has) });
    },

    async addMyAuthFactorOTPSMS(_request, context) {
      const caller = callerOf(context);
      const details = await addOtpSms(app, caller, self(caller));
      return create(AddMyAuthFactorOTPSMSResponseSchema, { details: v1AddDetails(details) });
    },

    async removeMyAuthFactorOTPSMS(_request, context) {
      const caller = callerOf(context);
      const details = await removeOtpSms(app, caller, self(caller));
      return create(RemoveMyAuthFactorOTPSMSResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}

function self({ userId }: Caller): UserRef {
  return { userId };
}
