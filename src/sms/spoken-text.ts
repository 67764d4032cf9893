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

/** Instructions for a call: says the text twice (https://www.twilio.com/docs/voice/twiml/say). */
export function twimlSay(text: string): string {
  return `<Response><Say loop="2">${escapeXml(text)}</Say></Response>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character] ?? "");
}
