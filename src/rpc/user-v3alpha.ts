import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddOTPSMSAuthenticatorResponseSchema,
  RemoveOTPSMSAuthenticatorResponseSchema,
  type UserService,
  VerifyOTPSMSRegistrationResponseSchema,
} from "../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { addRegistration, removeRegistration, verifyRegistration } from "../app/otp-sms-registration.ts";
import { v2ChangeDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { requirePhone, verificationOf } from "./verification.ts";

/** zitadel.user.v3alpha.UserService, the first v3 API. */
export function userV3alpha(app: AppContext): ServiceImpl<typeof UserService> {
  return {
    async addOTPSMSAuthenticator(request, context) {
      const phone = requirePhone(request.phone, "AddOTPSMSAuthenticatorRequest");
      const { details, registrationId, code } = await addRegistration(app, callerOf(context), {
        userId: request.userId,
        number: phone.number,
        verification: verificationOf(phone.verification),
      });
      return create(AddOTPSMSAuthenticatorResponseSchema, {
        details: v2ChangeDetails(details),
        otpSmsId: registrationId,
        ...(code === undefined ? {} : { verificationCode: code }),
      });
    },

    async verifyOTPSMSRegistration(request, context) {
      const { userId, otpSmsId: registrationId, code } = request;
      const details = await verifyRegistration(app, callerOf(context), { userId, registrationId, code });
      return create(VerifyOTPSMSRegistrationResponseSchema, { details: v2ChangeDetails(details) });
    },

    async removeOTPSMSAuthenticator(request, context) {
      const { userId, otpSmsId: registrationId } = request;
      const details = await removeRegistration(app, callerOf(context), { userId, registrationId });
      return create(RemoveOTPSMSAuthenticatorResponseSchema, { details: v2ChangeDetails(details) });
    },
  };
}
