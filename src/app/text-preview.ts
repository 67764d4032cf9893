import { boundDomain, withAutofill } from "../domain/autofill.ts";
import { alphabetOf, type CodeGenerator } from "../domain/codes.ts";
import type { MessageKey } from "../domain/errors.ts";
import { carriesCode, lifeInWords, renderText, spokenLanguage } from "../domain/message-text.ts";
import { requireTemplate } from "../domain/settings.ts";
import { lettersOutsideGsm7, segmentsOf, type SmsSize } from "../domain/sms-segments.ts";
import type { AppContext } from "./context.ts";
import { requireLanguage, type TextRequest } from "./message-text.ts";
import type { Scope } from "./settings.ts";

/** A text as an SMS, before anybody gets it. */
export interface TextPreview extends SmsSize {
  readonly text: string;
  readonly warnings: readonly TextWarning[];
}

export interface TextWarning {
  readonly key: MessageKey;
  /** Fill the `{names}` in its sentence. */
  readonly params: Readonly<Record<string, string>>;
}

/** https://developers.google.com/identity/sms-retriever/verify#1_construct_a_verification_message */
const androidBytesMax = 140;
const lettersShownMax = 10;

/**
 * @param template empty for the text in force
 * @throws DomainError if it is none, or the language is none
 */
export async function previewText(
  app: AppContext,
  scope: Scope,
  request: TextRequest,
  template = "",
): Promise<TextPreview> {
  const { textType } = request;
  const tag = requireLanguage(request.language);
  requireTemplate(template);
  const { value, language } =
    template === ""
      ? await app.settings.textFor(scope, textType, tag)
      : { value: { text: template }, language: spokenLanguage(textType, tag, template) };
  const { autofill, phoneCode, otpSmsCode } = await app.settings.instancePolicy();
  const generator = textType === "verify_phone" ? phoneCode : otpSmsCode;
  const code = exampleCode(generator);
  const origin = "https://login.example.com";
  const rendered = renderText(value.text, {
    ...exampleReader,
    Code: code,
    OTP: code,
    Origin: origin,
    Domain: boundDomain(autofill, origin) ?? "login.example.com",
    Expiry: lifeInWords(generator.ttlMs, language),
  });
  const text = withAutofill(rendered, code, origin, autofill);
  const size = segmentsOf(text);
  const bytes = Buffer.byteLength(text);
  const tooLong = { bytes: String(bytes), max: String(androidBytesMax) };
  const isTooLong = autofill.androidHash !== undefined && bytes > androidBytesMax;
  return {
    text,
    ...size,
    warnings: [
      ...segmentsWarnings(text, size),
      ...(carriesCode(value.text) ? [] : [noCode]),
      ...(isTooLong ? [{ key: "Warnings.Text.AndroidLength", params: tooLong } as const] : []),
    ],
  };
}

const noCode: TextWarning = {
  key: "Warnings.Text.NoCode",
  params: { code: "{{.Code}}", otp: "{{.OTP}}" },
};

function segmentsWarnings(text: string, size: SmsSize): readonly TextWarning[] {
  if (size.segments === 1) return [];
  const segments = String(size.segments);
  if (size.encoding === "gsm7") return [{ key: "Warnings.Text.Segments", params: { segments } }];
  const letters = lettersOutsideGsm7(text).slice(0, lettersShownMax).join(" ");
  return [{ key: "Warnings.Text.Letters", params: { segments, letters } }];
}

function exampleCode(generator: CodeGenerator): string {
  const alphabet = alphabetOf(generator);
  return Array.from({ length: generator.length }, (_, index) =>
    alphabet.charAt((index + 1) % alphabet.length),
  ).join("");
}

const exampleReader = {
  DisplayName: "Ada Lovelace",
  FirstName: "Ada",
  LastName: "Lovelace",
  NickName: "Ada",
  UserName: "ada@example.com",
  PreferredLoginName: "ada@example.com",
  LoginNames: "ada@example.com",
  LastEmail: "ada@example.com",
  VerifiedEmail: "ada@example.com",
  LastPhone: "+41791234567",
  VerifiedPhone: "+41791234567",
  ChangeDate: "2026-01-01T00:00:00.000Z",
  CreationDate: "2026-01-01T00:00:00.000Z",
} as const;
