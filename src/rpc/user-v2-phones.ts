import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  RemovePhoneResponseSchema,
  ResendPhoneCodeResponseSchema,
  SetPhoneResponseSchema,
  type UserService,
  VerifyPhoneResponseSchema,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { removePhone, resendPhoneCode, setPhone, verifyPhone } from "../app/phone.ts";
import { v2 } from "../domain/generations.ts";
import { codeRequestOf } from "./code-request.ts";
import { v2ChangeDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { codeVerificationOf, verificationOf } from "./verification.ts";

type Methods = Pick<
  ServiceImpl<typeof UserService>,
  "setPhone" | "resendPhoneCode" | "verifyPhone" | "removePhone"
>;

/** zitadel.user.v2.UserService: phone numbers. */
export function phonesV2(app: AppContext): Methods {
  return {
    async setPhone(request, context) {
      const command = {
        ...codeRequestOf(context),
        userId: request.userId,
        number: request.phone,
        verification: verificationOf(request.verification),
      };
      const { details, code } = await setPhone(app, callerOf(context), command, v2.set);
      return create(SetPhoneResponseSchema, { details: v2ChangeDetails(details), verificationCode: code });
    },

    async resendPhoneCode(request, context) {
      const command = {
        ...codeRequestOf(context),
        userId: request.userId,
        verification: codeVerificationOf(request.verification),
      };
      const { details, code } = await resendPhoneCode(app, callerOf(context), command, v2.resend);
      return create(ResendPhoneCodeResponseSchema, {
        details: v2ChangeDetails(details),
        verificationCode: code,
      });
    },

    async verifyPhone(request, context) {
      const command = { userId: request.userId, code: request.verificationCode };
      const details = await verifyPhone(app, callerOf(context), command, v2.verify);
      return create(VerifyPhoneResponseSchema, { details: v2ChangeDetails(details) });
    },

    async removePhone({ userId }, context) {
      const details = await removePhone(app, callerOf(context), { userId }, v2.remove);
      return create(RemovePhoneResponseSchema, { details: v2ChangeDetails(details) });
    },
  };
}
