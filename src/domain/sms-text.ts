import type { CodePurpose } from "./decision.ts";

/** The text of an SMS. @param lifeMs time until the code expires; null if it never does */
export function smsText(purpose: CodePurpose, code: string, lifeMs: number | null): string {
  const use = purpose === "verify_phone" ? "to verify your phone number" : "to set up one-time codes by SMS";
  const life = lifeMs === null ? "" : ` It is valid for ${inWords(lifeMs)}.`;
  return `${code} is your code ${use}.${life} Never share it.`;
}

function inWords(lifeMs: number): string {
  const minutes = Math.round(lifeMs / 60_000);
  if (minutes < 1) return `${Math.round(lifeMs / 1000)} seconds`;
  if (minutes < 120) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  return `${Math.round(minutes / 60)} hours`;
}
