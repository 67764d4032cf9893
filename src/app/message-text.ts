import { DomainError } from "../domain/errors.ts";
import { builtInText, languageTag } from "../domain/message-text.ts";
import { decideRemoveText, decideSetText, textErrors } from "../domain/settings.ts";
import type { MessageText, TextType } from "../domain/settings-state.ts";
import type { AppContext } from "./context.ts";
import type { Details } from "./details.ts";
import { type Scope, settingDetails } from "./settings.ts";

/** The use cases of message texts: per purpose and language, of the instance and of organizations. */

export interface TextRequest {
  readonly textType: TextType;
  /** As the caller wrote it. */
  readonly language: string;
}

export interface TextView {
  readonly message: MessageText;
  readonly details: Details;
  readonly isDefault: boolean;
}

/** The text in force. @throws DomainError if the language is none */
export async function getText(app: AppContext, scope: Scope, ref: TextRequest): Promise<TextView> {
  const found = await app.settings.text(scope, ref.textType, requireLanguage(ref.language));
  const { value, dated, isDefault } = found;
  return { message: value, details: settingDetails(isDefault ? "instance" : scope, dated), isDefault };
}

/** The text that holds where nothing is set. @throws DomainError if the language is none */
export function getBuiltInText({ textType, language }: TextRequest): TextView {
  const message = builtInText(textType, requireLanguage(language));
  return { message, details: settingDetails("instance", undefined), isDefault: true };
}

/** Holds from the next message on. @throws DomainError for a bad template or language, or one text too many */
export function setText(
  app: AppContext,
  scope: Scope,
  { textType, language }: TextRequest,
  message: MessageText,
): Promise<Details> {
  const tag = requireLanguage(language);
  return app.settings.change(scope, (state) => decideSetText(state, textType, tag, message));
}

/** What is above holds again. @throws DomainError if none was set, or the language is none */
export function removeText(
  app: AppContext,
  scope: Scope,
  { textType, language }: TextRequest,
): Promise<Details> {
  const tag = requireLanguage(language);
  const missing = scope === "instance" ? textErrors.instanceMissing : textErrors.missing;
  return app.settings.change(scope, (state) => decideRemoveText(state, textType, tag, missing));
}

/** In its canonical form (BCP 47). @throws DomainError if it is none */
export function requireLanguage(language: string): string {
  const tag = languageTag(language);
  if (tag === undefined) throw new DomainError(textErrors.languageInvalid, { language });
  return tag;
}
