import type { HandlerContext } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import {
  type MessageCustomText,
  MessageCustomTextSchema,
} from "../../gen/zitadel/text/v1/message_text_pb.js";
import { type TextRef, type TextView } from "../app/message-text.ts";
import type { MessageText, TextType } from "../domain/settings-state.ts";
import type { TextPreview } from "../app/text-preview.ts";
import { v1SettingDetails } from "./details.ts";

/** Message texts, as the messages of v1 carry them. */

export function textRef(textType: TextType, { language }: { readonly language: string }): TextRef {
  return { textType, language };
}

/** An SMS has its text only; the other parts are left out by the messages about one-time codes. */
export function textOf(request: Partial<MessageText> & Pick<MessageText, "text">): MessageText {
  const { title = "", preHeader = "", subject = "", greeting = "", text } = request;
  const { buttonText = "", footerText = "" } = request;
  return { title, preHeader, subject, greeting, text, buttonText, footerText };
}

export function v1MessageText({ message, details, isDefault }: TextView): MessageCustomText {
  return create(MessageCustomTextSchema, { details: v1SettingDetails(details), ...message, isDefault });
}

/** Says in a header what a text takes that was just set: the answers of v1 have no place for it. */
export function noteSegments({ responseHeader }: HandlerContext, { segments, encoding }: TextPreview): void {
  responseHeader.set("ringback-sms-segments", `${segments}; encoding=${encoding}`);
}
