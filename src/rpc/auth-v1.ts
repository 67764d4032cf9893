import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AuthService,
  GetMyPhoneResponseSchema,
  GetMyUserResponseSchema,
  RemoveMyPhoneResponseSchema,
  ResendMyPhoneVerificationResponseSchema,
  SetMyPhoneResponseSchema,
  VerifyMyPhoneResponseSchema,
} from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { getUser } from "../app/account.ts";
import { getMyPhone, removePhone, resendPhoneCode, setPhone, verifyPhone } from "../app/phone.ts";
import { v1 } from "../domain/generations.ts";
import { v1ChangeDetails, v1ViewDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { v1User } from "./users.ts";

/** zitadel.auth.v1.AuthService: what callers may do with their own account. */
export function authV1(app: AppContext): ServiceImpl<typeof AuthService> {
  return {
    async getMyUser(_request, context) {
      const caller = callerOf(context);
      return create(GetMyUserResponseSchema, { user: v1User(await getUser(app, caller, caller.userId)) });
    },

    async getMyPhone(_request, context) {
      const { details, number, isVerified } = await getMyPhone(app, callerOf(context));
      return create(GetMyPhoneResponseSchema, {
        details: v1ViewDetails(details),
        phone: { phone: number, isPhoneVerified: isVerified },
      });
    },

    async setMyPhone(request, context) {
      const caller = callerOf(context);
      const command = { userId: caller.userId, number: request.phone, verification: "send_code" } as const;
      const { details } = await setPhone(app, caller, command, v1.set);
      return create(SetMyPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async verifyMyPhone(request, context) {
      const caller = callerOf(context);
      const details = await verifyPhone(
        app,
        caller,
        { userId: caller.userId, code: request.code },
        v1.verify,
      );
      return create(VerifyMyPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },

    async resendMyPhoneVerification(_request, context) {
      const caller = callerOf(context);
      const command = { userId: caller.userId, verification: "send_code" } as const;
      const { details } = await resendPhoneCode(app, caller, command, v1.resend);
      return create(ResendMyPhoneVerificationResponseSchema, { details: v1ChangeDetails(details) });
    },

    async removeMyPhone(_request, context) {
      const caller = callerOf(context);
      const details = await removePhone(app, caller, { userId: caller.userId, self: true }, v1.remove);
      return create(RemoveMyPhoneResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}
