import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddOTPSMSAuthenticatorResponseSchema,
  RemoveOTPSMSAuthenticatorResponseSchema,
  VerifyOTPSMSRegistrationResponseSchema,
  type ZITADELUsers,
} from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { addRegistration, removeRegistration, verifyRegistration } from "../app/otp-sms-registration.ts";
import { v3Details } from "./details.ts";
import { callerOf } from "./gate.ts";
import { requirePhone, verificationOf } from "./verification.ts";

/** zitadel.resources.user.v3alpha.ZITADELUsers, the resource API. */
export function resourcesUserV3alpha(app: AppContext): ServiceImpl<typeof ZITADELUsers> {
  return {
    async addOTPSMSAuthenticator(request, context) {
      const phone = requirePhone(request.phone, "AddOTPSMSAuthenticatorRequest");
      const { details, registrationId, code } = await addRegistration(app, callerOf(context), {
        userId: request.id,
        number: phone.number,
        verification: verificationOf(phone.verification),
      });
      return create(AddOTPSMSAuthenticatorResponseSchema, {
        details: v3Details(request.id, details),
        otpSmsId: registrationId,
        ...(code === undefined ? {} : { verificationCode: code }),
      });
    },

    async verifyOTPSMSRegistration(request, context) {
      const { id: userId, otpSmsId: registrationId, code } = request;
      const details = await verifyRegistration(app, callerOf(context), { userId, registrationId, code });
      return create(VerifyOTPSMSRegistrationResponseSchema, { details: v3Details(userId, details) });
    },

    async removeOTPSMSAuthenticator(request, context) {
      const { id: userId, otpSmsId: registrationId } = request;
      const details = await removeRegistration(app, callerOf(context), { userId, registrationId });
      return create(RemoveOTPSMSAuthenticatorResponseSchema, { details: v3Details(userId, details) });
    },
  };
}
