import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddOTPSMSAuthenticatorResponseSchema,
  RemoveOTPSMSAuthenticatorResponseSchema,
  ResendContactPhoneCodeResponseSchema,
  SetContactPhoneResponseSchema,
  VerifyContactPhoneResponseSchema,
  VerifyOTPSMSRegistrationResponseSchema,
  type ZITADELUsers,
} from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { addRegistration, removeRegistration, verifyRegistration } from "../app/otp-sms-registration.ts";
import { resendPhoneCode, setPhone, verifyPhone } from "../app/phone.ts";
import { v3 } from "../domain/generations.ts";
import { codeRequestOf } from "./code-request.ts";
import { v3Details } from "./details.ts";
import { callerOf } from "./gate.ts";
import { required } from "./required.ts";
import { userRefOf } from "./user-ref-v3alpha.ts";
import { codeVerificationOf, verificationOf } from "./verification.ts";

type Methods = Pick<
  ServiceImpl<typeof ZITADELUsers>,
  | "setContactPhone"
  | "verifyContactPhone"
  | "resendContactPhoneCode"
  | "addOTPSMSAuthenticator"
  | "verifyOTPSMSRegistration"
  | "removeOTPSMSAuthenticator"
>;

/** zitadel.resources.user.v3alpha.ZITADELUsers: phone numbers, and registrations for one-time codes. */
export function phonesV3(app: AppContext): Methods {
  return {
    async setContactPhone(request, context) {
      const phone = required(request.phone, "SetContactPhoneRequest.phone");
      const verification = verificationOf(phone.verification);
      const user = userRefOf(request);
      const command = { ...codeRequestOf(context), ...user, number: phone.number, verification };
      const { details, code } = await setPhone(app, callerOf(context), command, v3.set);
      return create(SetContactPhoneResponseSchema, {
        details: v3Details(request.id, details),
        verificationCode: code,
      });
    },

    async verifyContactPhone(request, context) {
      const command = { ...userRefOf(request), code: request.verificationCode };
      const details = await verifyPhone(app, callerOf(context), command, v3.verify);
      return create(VerifyContactPhoneResponseSchema, { details: v3Details(request.id, details) });
    },

    async resendContactPhoneCode(request, context) {
      const verification = codeVerificationOf(request.verification);
      const command = { ...codeRequestOf(context), ...userRefOf(request), verification };
      const { details, code } = await resendPhoneCode(app, callerOf(context), command, v3.resend);
      return create(ResendContactPhoneCodeResponseSchema, {
        details: v3Details(request.id, details),
        verificationCode: code,
      });
    },

    async addOTPSMSAuthenticator(request, context) {
      const phone = required(request.phone, "AddOTPSMSAuthenticatorRequest.phone");
      const verification = verificationOf(phone.verification);
      const user = userRefOf(request);
      const command = { ...codeRequestOf(context), ...user, number: phone.number, verification };
      const { details, registrationId, code } = await addRegistration(app, callerOf(context), command);
      return create(AddOTPSMSAuthenticatorResponseSchema, {
        details: v3Details(request.id, details),
        otpSmsId: registrationId,
        verificationCode: code,
      });
    },

    async verifyOTPSMSRegistration(request, context) {
      const { otpSmsId: registrationId, code } = request;
      const command = { ...userRefOf(request), registrationId, code };
      const details = await verifyRegistration(app, callerOf(context), command);
      return create(VerifyOTPSMSRegistrationResponseSchema, { details: v3Details(request.id, details) });
    },

    async removeOTPSMSAuthenticator(request, context) {
      const command = { ...userRefOf(request), registrationId: request.otpSmsId };
      const details = await removeRegistration(app, callerOf(context), command);
      return create(RemoveOTPSMSAuthenticatorResponseSchema, { details: v3Details(request.id, details) });
    },
  };
}
