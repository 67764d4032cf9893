import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { getText, removeText, setText } from "../app/message-text.ts";
import { previewText } from "../app/text-preview.ts";
import type { Scope } from "../app/settings.ts";
import type { MessageText, TextType } from "../domain/settings-state.ts";
import { v1ChangeDetails } from "./details.ts";
import { organizationOf } from "./gate.ts";
import { noteSegments, textOf, textRef, v1MessageText } from "./message-texts.ts";

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
    const scopeOf = (context: HandlerContext): Scope => ({ organizationId: organizationOf(context) });
    return {
      async get(request: { language: string }, context: HandlerContext) {
        const view = await getText(app, scopeOf(context), textRef(textType, request));
        return { customText: v1MessageText(view) };
      },
      /** What holds where the organization sets nothing. */
      async getDefault(request: { language: string }) {
        const view = await getText(app, "instance", textRef(textType, request));
        return { customText: v1MessageText({ ...view, isDefault: true }) };
      },
      async set(request: Partial<MessageText> & { language: string; text: string }, context: HandlerContext) {
        const ref = textRef(textType, request);
        const details = await setText(app, scopeOf(context), ref, textOf(request));
        noteSegments(context, await previewText(app, scopeOf(context), ref));
        return { details: v1ChangeDetails(details) };
      },
      async reset(request: { language: string }, context: HandlerContext) {
        const details = await removeText(app, scopeOf(context), textRef(textType, request));
        return { details: v1ChangeDetails(details) };
      },
    };
  }
}
