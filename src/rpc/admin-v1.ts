import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AdminService,
  GetLockoutPolicyResponseSchema,
  UpdateLockoutPolicyResponseSchema,
} from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { getLockout, setInstanceLockout } from "../app/lockout.ts";
import { getBuiltInText } from "../app/message-text.ts";
import type { TextType } from "../domain/settings-state.ts";
import { generatorsV1 } from "./admin-v1-generators.ts";
import { smsProvidersV1 } from "./admin-v1-sms-providers.ts";
import { v1ChangeDetails } from "./details.ts";
import { lockoutOf, v1LockoutPolicy } from "./lockout-policy.ts";
import { textMethods, textRequest, v1MessageText } from "./message-texts.ts";

/** zitadel.admin.v1.AdminService: the settings of the instance. */
export function adminV1(app: AppContext): ServiceImpl<typeof AdminService> {
  return {
    healthz: () => ({}),
    ...generatorsV1(app),
    ...smsProvidersV1(app),
    ...lockoutV1(app),
    ...textsV1(app),
  };
}

type Methods<M extends keyof ServiceImpl<typeof AdminService>> = Pick<ServiceImpl<typeof AdminService>, M>;

function lockoutV1(app: AppContext): Methods<"getLockoutPolicy" | "updateLockoutPolicy"> {
  return {
    async getLockoutPolicy() {
      return create(GetLockoutPolicyResponseSchema, {
        policy: v1LockoutPolicy(await getLockout(app, "instance")),
      });
    },

    async updateLockoutPolicy(request) {
      const details = await setInstanceLockout(app, lockoutOf(request));
      return create(UpdateLockoutPolicyResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}

function textsV1(
  app: AppContext,
): Methods<
  | "getDefaultVerifyPhoneMessageText"
  | "getCustomVerifyPhoneMessageText"
  | "setDefaultVerifyPhoneMessageText"
  | "resetCustomVerifyPhoneMessageTextToDefault"
  | "getDefaultVerifySMSOTPMessageText"
  | "getCustomVerifySMSOTPMessageText"
  | "setDefaultVerifySMSOTPMessageText"
  | "resetCustomVerifySMSOTPMessageTextToDefault"
> {
  const phone = textsOf("verify_phone");
  const otp = textsOf("verify_sms_otp");
  return {
    getDefaultVerifyPhoneMessageText: phone.getBuiltIn,
    getCustomVerifyPhoneMessageText: phone.get,
    setDefaultVerifyPhoneMessageText: phone.set,
    resetCustomVerifyPhoneMessageTextToDefault: phone.reset,
    getDefaultVerifySMSOTPMessageText: otp.getBuiltIn,
    getCustomVerifySMSOTPMessageText: otp.get,
    setDefaultVerifySMSOTPMessageText: otp.set,
    resetCustomVerifySMSOTPMessageTextToDefault: otp.reset,
  };

  /** The four methods of one text. */
  function textsOf(textType: TextType) {
    return {
      ...textMethods(app, textType, () => "instance"),
      getBuiltIn(request: { language: string }) {
        return { customText: v1MessageText(getBuiltInText(textRequest(textType, request))) };
      },
    };
  }
}
