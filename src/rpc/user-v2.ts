import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddHumanUserResponseSchema,
  DeleteUserResponseSchema,
  GetUserByIDResponseSchema,
  RemovePhoneResponseSchema,
  ResendPhoneCodeResponseSchema,
  SetPhoneResponseSchema,
  UnlockUserResponseSchema,
  type UserService,
  VerifyPhoneResponseSchema,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import { addHumanUser, deleteUser, getUser, unlockUser } from "../app/account.ts";
import { type AppContext, detailsOf } from "../app/context.ts";
import { removePhone, resendPhoneCode, setPhone, verifyPhone } from "../app/phone.ts";
import { v2 } from "../domain/generations.ts";
import { addHumanUserCommand } from "./add-human-user-v2.ts";
import { v2ChangeDetails, v2ViewDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { v2User } from "./users.ts";
import { codeVerificationOf, verificationOf } from "./verification.ts";

/** zitadel.user.v2.UserService. */
export function userV2(app: AppContext): ServiceImpl<typeof UserService> {
  return {
    async addHumanUser(request, context) {
      const { userId, details, phoneCode } = await addHumanUser(
        app,
        callerOf(context),
        addHumanUserCommand(request),
      );
      return create(AddHumanUserResponseSchema, {
        userId,
        details: v2ViewDetails(details),
        ...(phoneCode === undefined ? {} : { phoneCode }),
      });
    },

    async getUserByID(request, context) {
      const loaded = await getUser(app, callerOf(context), request.userId);
      return create(GetUserByIDResponseSchema, {
        details: v2ViewDetails(detailsOf(loaded)),
        user: v2User(loaded),
      });
    },

    async deleteUser(request, context) {
      const details = await deleteUser(app, callerOf(context), request.userId);
      return create(DeleteUserResponseSchema, { details: v2ChangeDetails(details) });
    },

    async unlockUser(request, context) {
      const details = await unlockUser(app, callerOf(context), request.userId);
      return create(UnlockUserResponseSchema, { details: v2ChangeDetails(details) });
    },

    async setPhone(request, context) {
      const command = {
        userId: request.userId,
        number: request.phone,
        verification: verificationOf(request.verification),
      };
      const { details, code } = await setPhone(app, callerOf(context), command, v2.set);
      return create(SetPhoneResponseSchema, {
        details: v2ChangeDetails(details),
        ...(code === undefined ? {} : { verificationCode: code }),
      });
    },

    async resendPhoneCode(request, context) {
      const command = { userId: request.userId, verification: codeVerificationOf(request.verification) };
      const { details, code } = await resendPhoneCode(app, callerOf(context), command, v2.resend);
      return create(ResendPhoneCodeResponseSchema, {
        details: v2ChangeDetails(details),
        ...(code === undefined ? {} : { verificationCode: code }),
      });
    },

    async verifyPhone(request, context) {
      const command = { userId: request.userId, code: request.verificationCode };
      const details = await verifyPhone(app, callerOf(context), command, v2.verify);
      return create(VerifyPhoneResponseSchema, { details: v2ChangeDetails(details) });
    },

    async removePhone(request, context) {
      const details = await removePhone(
        app,
        callerOf(context),
        { userId: request.userId, self: false },
        v2.remove,
      );
      return create(RemovePhoneResponseSchema, { details: v2ChangeDetails(details) });
    },
  };
}
