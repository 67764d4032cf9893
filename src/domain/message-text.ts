import type { CodePurpose } from "./decision.ts";
import type { MessageText, TextType } from "./settings-state.ts";

/** The texts of messages: those that are built in, and how a template becomes a message. */

/** The text that a code is sent with. */
export const textTypeOf: Readonly<Record<CodePurpose, TextType>> = {
  verify_phone: "verify_phone",
  verify_otp_sms: "verify_phone",
  otp_sms: "verify_sms_otp",
};

export const defaultLanguage = "en";

const builtInTexts: Readonly<Record<string, Readonly<Record<TextType, string>>>> = {
  en: {
    verify_phone:
      "{{.Code}} is your code to verify your phone number. It is valid for {{.Expiry}}. Never share it.",
    verify_sms_otp: "{{.OTP}} is your one-time code. It is valid for {{.Expiry}}. Never share it.",
  },
  de: {
    verify_phone:
      "{{.Code}} ist Ihr Code, um Ihre Telefonnummer zu bestätigen. Er gilt {{.Expiry}}. Geben Sie ihn niemandem weiter.",
    verify_sms_otp: "{{.OTP}} ist Ihr Einmalcode. Er gilt {{.Expiry}}. Geben Sie ihn niemandem weiter.",
  },
};

/** In the language, its base language ("de" for "de-CH"), or the default language. */
export function builtInText(textType: TextType, language: string): MessageText {
  const texts =
    builtInTexts[language] ?? builtInTexts[baseLanguage(language)] ?? builtInTexts[defaultLanguage];
  return {
    title: "",
    preHeader: "",
    subject: "",
    greeting: "",
    text: texts?.[textType] ?? "",
    buttonText: "",
    footerText: "",
  };
}

/** "de-CH" → "de". */
export function baseLanguage(language: string): string {
  return language.split("-", 1)[0] ?? language;
}

/** What `{{.Name}}` may name. */
export const textVariables = [
  "Code",
  "OTP",
  "Domain",
  "Origin",
  "Expiry",
  "DisplayName",
  "FirstName",
  "LastName",
  "UserName",
  "NickName",
  "PreferredLoginName",
  "LastEmail",
  "VerifiedEmail",
  "LastPhone",
  "VerifiedPhone",
  "LoginNames",
  "ChangeDate",
  "CreationDate",
] as const;
export type TextVariable = (typeof textVariables)[number];
export type TextValues = Readonly<Record<TextVariable, string>>;

const placeholder = /\{\{\s*\.?([^{}]*?)\s*\}\}/g;

/** The first variable of a template that no message has; undefined if there is none. */
export function unknownVariable(template: string): string | undefined {
  return [...template.matchAll(placeholder)].map(([, name = ""]) => name).find((name) => !isVariable(name));
}

function isVariable(name: string): name is TextVariable {
  return textVariables.some((known) => known === name);
}

/** Fills in the variables of a template. */
export function renderText(template: string, values: TextValues): string {
  return template.replace(placeholder, (whole, name: string) => (isVariable(name) ? values[name] : whole));
}

/** The life of a code in words, e.g. "10 minutes". @param lifeMs null if it never ends */
export function lifeInWords(lifeMs: number | null, language: string): string {
  const base = baseLanguage(language) === "de" ? "de" : "en";
  if (lifeMs === null) return base === "de" ? "ohne Ende" : "forever";
  const minutes = Math.round(lifeMs / 60_000);
  const duration =
    minutes < 1
      ? { seconds: Math.round(lifeMs / 1000) }
      : minutes < 120
        ? { minutes }
        : { hours: Math.round(minutes / 60) };
  return new Intl.DurationFormat(base, { style: "long" }).format(duration);
}
