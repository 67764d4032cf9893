import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddOTPSMSAuthenticatorResponseSchema,
  RemoveOTPSMSAuthenticatorResponseSchema,
  ResendContactPhoneCodeResponseSchema,
  SetContactPhoneResponseSchema,
  type UserService,
  VerifyContactPhoneResponseSchema,
  VerifyOTPSMSRegistrationResponseSchema,
} from "../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { addRegistration, removeRegistration, verifyRegistration } from "../app/otp-sms-registration.ts";
import { resendPhoneCode, setPhone, verifyPhone } from "../app/phone.ts";
import { v3 } from "../domain/generations.ts";
import { codeRequestOf } from "./code-request.ts";
import { v2ChangeDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { required } from "./required.ts";
import { codeVerificationOf, verificationOf } from "./verification.ts";

/** zitadel.user.v3alpha.UserService, the first v3 API. */
export function userV3alpha(app: AppContext): ServiceImpl<typeof UserService> {
  return {
    async setContactPhone(request, context) {
      const phone = required(request.phone, "SetContactPhoneRequest.phone");
      const verification = verificationOf(phone.verification);
      const { userId } = request;
      const command = { ...codeRequestOf(context), userId, number: phone.number, verification };
      const { details, code } = await setPhone(app, callerOf(context), command, v3.set);
      return create(SetContactPhoneResponseSchema, {
        details: v2ChangeDetails(details),
        // The contract names it like this, for the code of a phone.
        emailCode: code,
      });
    },

    async verifyContactPhone({ userId, verificationCode: code }, context) {
      const details = await verifyPhone(app, callerOf(context), { userId, code }, v3.verify);
      return create(VerifyContactPhoneResponseSchema, { details: v2ChangeDetails(details) });
    },

    async resendContactPhoneCode(request, context) {
      const verification = codeVerificationOf(request.verification);
      const command = { ...codeRequestOf(context), userId: request.userId, verification };
      const { details, code } = await resendPhoneCode(app, callerOf(context), command, v3.resend);
      return create(ResendContactPhoneCodeResponseSchema, {
        details: v2ChangeDetails(details),
        verificationCode: code,
      });
    },

    async addOTPSMSAuthenticator(request, context) {
      const phone = required(request.phone, "AddOTPSMSAuthenticatorRequest.phone");
      const { details, registrationId, code } = await addRegistration(app, callerOf(context), {
        ...codeRequestOf(context),
        userId: request.userId,
        number: phone.number,
        verification: verificationOf(phone.verification),
      });
      return create(AddOTPSMSAuthenticatorResponseSchema, {
        details: v2ChangeDetails(details),
        otpSmsId: registrationId,
        verificationCode: code,
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
