import { baseLanguage } from "../domain/message-text.ts";

/**
 * A message as it is read out in a call: the code one character at a time, and without the lines that only a phone
 * reads (the WebOTP line `@domain #code` and the hash of Android's SMS Retriever).
 */
export function spokenText(text: string, code: string): string {
  return text
    .split("\n")
    .filter((line) => !/^@\S+ #\S+$/.test(line) && !/^[A-Za-z0-9+/]{11}$/.test(line))
    .join("\n")
    .replace(/^<#>\s*/, "")
    .replaceAll(code, () => [...code].join(", "))
    .trim();
}

/** A voice that speaks the language (https://www.twilio.com/docs/voice/twiml/say/text-speech). */
const voices: Readonly<Record<string, string>> = {
  de: "Polly.Vicki",
  es: "Polly.Lucia",
  fr: "Polly.Lea",
  it: "Polly.Bianca",
  pt: "Polly.Ines",
};

/**
 * Instructions for a call: says the text twice (https://www.twilio.com/docs/voice/twiml/say), in the voice that is
 * Twilio's default, which is English, where none is known for the language.
 *
 * @param language BCP 47
 */
export function twimlSay(text: string, language: string): string {
  const base = baseLanguage(language);
  const voice = Object.hasOwn(voices, base) ? ` voice="${voices[base]}"` : "";
  return `<Response><Say loop="2"${voice}>${escapeXml(text)}</Say></Response>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character] ?? "");
}
