import type { HandlerContext } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import {
  type MessageCustomText,
  MessageCustomTextSchema,
} from "../../gen/zitadel/text/v1/message_text_pb.js";
import type { AppContext } from "../app/context.ts";
import { getText, removeText, setText, type TextRequest, type TextView } from "../app/message-text.ts";
import type { Scope } from "../app/settings.ts";
import { StoreUnavailableError } from "../app/store-port.ts";
import type { MessageText, TextType } from "../domain/settings-state.ts";
import { previewText } from "../app/text-preview.ts";
import { v1ChangeDetails, v1SettingDetails } from "./details.ts";

/** Message texts, as the messages of v1 carry them. */

export function textRequest(textType: TextType, { language }: { readonly language: string }): TextRequest {
  return { textType, language };
}

/** An SMS has its text only; the other parts are left out by the messages about one-time codes. */
function textOf(request: Partial<MessageText> & Pick<MessageText, "text">): MessageText {
  const { title = "", preHeader = "", subject = "", greeting = "", text } = request;
  const { buttonText = "", footerText = "" } = request;
  return { title, preHeader, subject, greeting, text, buttonText, footerText };
}

export function v1MessageText({ message, details, isDefault }: TextView): MessageCustomText {
  return create(MessageCustomTextSchema, { details: v1SettingDetails(details), ...message, isDefault });
}

/** Says in a header what a text takes that was just set: the answers of v1 have no place for it. */
async function noteSegments(
  app: AppContext,
  { responseHeader }: HandlerContext,
  scope: Scope,
  text: TextRequest,
): Promise<void> {
  try {
    const { segments, encoding } = await previewText(app, scope, text);
    responseHeader.set("ringback-sms-segments", `${segments}; encoding=${encoding}`);
  } catch (error) {
    // The text is set, also where nobody can look up what it takes.
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
}

/** The methods of one text that the instance and its organizations have in common. */
export function textMethods(
  app: AppContext,
  textType: TextType,
  scopeOf: (context: HandlerContext) => Scope,
) {
  return {
    async get(request: { language: string }, context: HandlerContext) {
      const view = await getText(app, scopeOf(context), textRequest(textType, request));
      return { customText: v1MessageText(view) };
    },
    async set(request: Partial<MessageText> & { language: string; text: string }, context: HandlerContext) {
      const scope = scopeOf(context);
      const text = textRequest(textType, request);
      const details = await setText(app, scope, text, textOf(request));
      await noteSegments(app, context, scope, text);
      return { details: v1ChangeDetails(details) };
    },
    async reset(request: { language: string }, context: HandlerContext) {
      const details = await removeText(app, scopeOf(context), textRequest(textType, request));
      return { details: v1ChangeDetails(details) };
    },
  };
}
