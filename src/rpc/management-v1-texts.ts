import type { ServiceImpl } from "@connectrpc/connect";
import type { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { getText } from "../app/message-text.ts";
import type { TextType } from "../domain/settings-state.ts";
import { organizationOf } from "./gate.ts";
import { textMethods, textRequest, v1MessageText } from "./message-texts.ts";

type Methods = Pick<
  ServiceImpl<typeof ManagementService>,
  | "getCustomVerifyPhoneMessageText"
  | "getDefaultVerifyPhoneMessageText"
  | "setCustomVerifyPhoneMessageText"
  | "resetCustomVerifyPhoneMessageTextToDefault"
  | "getCustomVerifySMSOTPMessageText"
  | "getDefaultVerifySMSOTPMessageText"
  | "setCustomVerifySMSOTPMessageText"
  | "resetCustomVerifySMSOTPMessageTextToDefault"
>;

/** zitadel.management.v1.ManagementService: the message texts of the organization. */
export function managementTextsV1(app: AppContext): Methods {
  const phone = textsOf("verify_phone");
  const otp = textsOf("verify_sms_otp");
  return {
    getCustomVerifyPhoneMessageText: phone.get,
    getDefaultVerifyPhoneMessageText: phone.getDefault,
    setCustomVerifyPhoneMessageText: phone.set,
    resetCustomVerifyPhoneMessageTextToDefault: phone.reset,
    getCustomVerifySMSOTPMessageText: otp.get,
    getDefaultVerifySMSOTPMessageText: otp.getDefault,
    setCustomVerifySMSOTPMessageText: otp.set,
    resetCustomVerifySMSOTPMessageTextToDefault: otp.reset,
  };

  /** The four methods of one text. */
  function textsOf(textType: TextType) {
    return {
      ...textMethods(app, textType, (context) => ({ organizationId: organizationOf(context) })),
      /** What holds where the organization sets nothing. */
      async getDefault(request: { language: string }) {
        const view = await getText(app, "instance", textRequest(textType, request));
        return { customText: v1MessageText({ ...view, isDefault: true }) };
      },
    };
  }
}
