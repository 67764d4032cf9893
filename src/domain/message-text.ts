import { Lru } from "../lib/lru.ts";
import type { CodePurpose } from "./codes.ts";
import type { MessageText, TextType } from "./settings-state.ts";

/** The texts of messages: those that are built in, and how a template becomes a message. */

/** The text that a code is sent with. */
export const textTypeOf: Readonly<Record<CodePurpose, TextType>> = {
  verify_phone: "verify_phone",
  verify_otp_sms: "verify_phone",
  otp_sms: "verify_sms_otp",
};

export const defaultLanguage = "en";

/** The words of one language. All letters are in GSM-7: one that is not halves what a segment holds. */
interface BuiltIn extends Readonly<Record<TextType, string>> {
  /** In the place of a time, for a code that never expires. */
  readonly forever: string;
}

const builtIns: ReadonlyMap<string, BuiltIn> = new Map([
  [
    "en",
    {
      verify_phone:
        "{{.Code}} is your code to verify your phone number. It is valid for {{.Expiry}}. Never share it.",
      verify_sms_otp: "{{.OTP}} is your one-time code. It is valid for {{.Expiry}}. Never share it.",
      forever: "an unlimited time",
    },
  ],
  [
    "de",
    {
      verify_phone:
        "{{.Code}} ist Ihr Code, um Ihre Nummer zu bestätigen. Er gilt {{.Expiry}}. Bitte nie weitergeben.",
      verify_sms_otp: "{{.OTP}} ist Ihr Einmalcode. Er gilt {{.Expiry}}. Bitte nie weitergeben.",
      forever: "unbegrenzt",
    },
  ],
  [
    "fr",
    {
      verify_phone:
        "{{.Code}} est votre code pour confirmer votre numéro. Valable {{.Expiry}}. Ne le donnez à personne.",
      verify_sms_otp: "{{.OTP}} est votre code à usage unique. Valable {{.Expiry}}. Ne le donnez à personne.",
      forever: "sans limite de temps",
    },
  ],
  [
    "it",
    {
      verify_phone:
        "{{.Code}} è il codice per verificare il suo numero. Vale {{.Expiry}}. Non lo comunichi a nessuno.",
      verify_sms_otp: "{{.OTP}} è il suo codice monouso. Vale {{.Expiry}}. Non lo comunichi a nessuno.",
      forever: "per sempre",
    },
  ],
  [
    "es",
    {
      verify_phone:
        "{{.Code}} es la clave para verificar su teléfono. Vale durante {{.Expiry}}. No la comparta con nadie.",
      verify_sms_otp:
        "{{.OTP}} es su clave de un solo uso. Vale durante {{.Expiry}}. No la comparta con nadie.",
      forever: "un tiempo ilimitado",
    },
  ],
  [
    "pt",
    {
      verify_phone:
        "{{.Code}} é a senha para confirmar o seu telefone. Vale por {{.Expiry}}. Nunca a revele a ninguém.",
      verify_sms_otp: "{{.OTP}} é a sua senha de acesso. Vale por {{.Expiry}}. Nunca a revele a ninguém.",
      forever: "tempo ilimitado",
    },
  ],
]);

export const builtInLanguages: readonly string[] = [...builtIns.keys()];

/** The language of the built-in text: the given one, its base language, or the default. */
function builtInLanguage(language: string): string {
  return [language, baseLanguage(language)].find((each) => builtIns.has(each)) ?? defaultLanguage;
}

/** In the language, its base language ("de" for "de-CH"), or the default language. */
export function builtInText(textType: TextType, language: string): MessageText {
  return {
    title: "",
    preHeader: "",
    subject: "",
    greeting: "",
    text: builtIns.get(builtInLanguage(language))?.[textType] ?? "",
    buttonText: "",
    footerText: "",
  };
}

/**
 * The language that a text is written in.
 *
 * @param language that the text was looked up for; the built-in text may be in another one
 */
export function spokenLanguage(textType: TextType, language: string, text: string): string {
  return text === builtInText(textType, language).text ? builtInLanguage(language) : language;
}

/** "de-CH" → "de". */
export function baseLanguage(language: string): string {
  return language.split("-", 1)[0] ?? language;
}

/**
 * In its canonical form (BCP 47), e.g. "de-CH" for "DE-ch", and for "de_CH", as systems and some issuers write it
 * (OpenID Connect Core §5.1).
 *
 * @returns undefined if it is none
 */
export function languageTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.replaceAll("_", "-"))[0];
  } catch {
    return undefined;
  }
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

/** Without alternatives for white space: a template of many spaces would be read once from each of them. */
const placeholder = /\{\{([^{}]*)\}\}/g;

/** " .Code " → "Code". */
function nameIn(braces: string): string {
  return braces.trim().replace(/^\./, "");
}

function namesIn(template: string): string[] {
  return [...template.matchAll(placeholder)].map(([, braces = ""]) => nameIn(braces));
}

/** The first variable of a template that no message has; undefined if there is none. */
export function unknownVariable(template: string): string | undefined {
  return namesIn(template).find((name) => !isVariable(name));
}

/** Where braces stand that enclose no variable, e.g. "{{.Code}, valid for"; undefined if there are none. */
export function strayBraces(template: string): string | undefined {
  // What is well-formed keeps its length, so that the place is found in the template.
  const rest = template.replace(placeholder, (whole) => " ".repeat(whole.length));
  const at = rest.search(/\{\{|\}\}/);
  return at === -1 ? undefined : template.slice(at, at + excerptLength);
}

const excerptLength = 20;

/** Whether the reader of a message gets to see the code. */
export function carriesCode(template: string): boolean {
  return namesIn(template).some((name) => name === "Code" || name === "OTP");
}

function isVariable(name: string): name is TextVariable {
  return textVariables.some((known) => known === name);
}

/** Fills in the variables of a template. Whatever a value holds, it stays within its line. */
export function renderText(template: string, values: TextValues): string {
  return template.replace(placeholder, (whole, braces: string) => {
    const name = nameIn(braces);
    return isVariable(name) ? values[name].replace(lineBreaks, " ") : whole;
  });
}

const lineBreaks = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Seconds of each unit, the largest first. */
const units = [
  ["hours", 3_600],
  ["minutes", 60],
  ["seconds", 1],
] as const;

const durationFormats = new Lru<string, Intl.DurationFormat>(100);

/**
 * The life of a code in words, e.g. "10 minutes": never more than it is.
 *
 * @param lifeMs null if it never ends
 * @param language BCP 47
 */
export function lifeInWords(lifeMs: number | null, language: string): string {
  if (lifeMs === null) return builtIns.get(builtInLanguage(language))?.forever ?? "";
  const seconds = Math.max(1, Math.floor(lifeMs / 1000));
  const [unit, size] = units.find(([, each]) => seconds >= 2 * each || seconds % each === 0) ?? [
    "seconds",
    1,
  ];
  const duration = { [unit]: Math.floor(seconds / size) };
  // Some languages part number and unit with a space that GSM-7 lacks.
  return durationFormats.getOrInsertComputed(language, durationFormat).format(duration).replace(/\s/g, " ");
}

function durationFormat(language: string): Intl.DurationFormat {
  return new Intl.DurationFormat([language, defaultLanguage], { style: "long" });
}
