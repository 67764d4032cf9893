import type { ServiceImpl } from "@connectrpc/connect";
import { UserService as Stable } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as Beta } from "../../gen/zitadel/user/v2beta/user_service_pb.js";
import { carry } from "./carry.ts";

/** zitadel.user.v2beta.UserService: v2 under its former name. */
export function userV2beta(v2: ServiceImpl<typeof Stable>): ServiceImpl<typeof Beta> {
  const { method: beta } = Beta;
  const { method: stable } = Stable;
  return {
    addHumanUser: carry(beta.addHumanUser, stable.addHumanUser, v2.addHumanUser),
    getUserByID: carry(beta.getUserByID, stable.getUserByID, v2.getUserByID),
    listUsers: carry(beta.listUsers, stable.listUsers, v2.listUsers),
    setPhone: carry(beta.setPhone, stable.setPhone, v2.setPhone),
    removePhone: carry(beta.removePhone, stable.removePhone, v2.removePhone),
    resendPhoneCode: carry(beta.resendPhoneCode, stable.resendPhoneCode, v2.resendPhoneCode),
    verifyPhone: carry(beta.verifyPhone, stable.verifyPhone, v2.verifyPhone),
    updateHumanUser: carry(beta.updateHumanUser, stable.updateHumanUser, v2.updateHumanUser),
    deactivateUser: carry(beta.deactivateUser, stable.deactivateUser, v2.deactivateUser),
    reactivateUser: carry(beta.reactivateUser, stable.reactivateUser, v2.reactivateUser),
    lockUser: carry(beta.lockUser, stable.lockUser, v2.lockUser),
    unlockUser: carry(beta.unlockUser, stable.unlockUser, v2.unlockUser),
    deleteUser: carry(beta.deleteUser, stable.deleteUser, v2.deleteUser),
    addOTPSMS: carry(beta.addOTPSMS, stable.addOTPSMS, v2.addOTPSMS),
    removeOTPSMS: carry(beta.removeOTPSMS, stable.removeOTPSMS, v2.removeOTPSMS),
    listAuthenticationMethodTypes: carry(
      beta.listAuthenticationMethodTypes,
      stable.listAuthenticationMethodTypes,
      v2.listAuthenticationMethodTypes,
    ),
  };
}
