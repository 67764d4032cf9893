import type { MessageKey } from "../../domain/errors.ts";
import { baseLanguage } from "../../domain/message-text.ts";
import { english } from "./english.ts";
import { german } from "./german.ts";

const byLanguage: ReadonlyMap<string, Readonly<Record<MessageKey, string>>> = new Map([
  ["en", english],
  ["de", german],
]);

/** Callers write some of the names, and clients of gRPC take 8 KiB of trailers, which hold a sentence three times. */
const nameCharactersMax = 200;

/**
 * The sentence in the first of the languages that there is, else in English, with its names filled in.
 *
 * @param languages BCP 47
 */
export function sentence(
  key: MessageKey,
  params: Readonly<Record<string, string>>,
  languages: readonly string[],
): string {
  const [best] = languages.flatMap((language) => byLanguage.get(baseLanguage(language).toLowerCase()) ?? []);
  return (best ?? english)[key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    shortened(params[name] ?? whole),
  );
}

function shortened(name: string): string {
  // The cut may halve a letter of two code units: gRPC could not tell the sentence at all.
  return name.length <= nameCharactersMax ? name : `${name.slice(0, nameCharactersMax).toWellFormed()}…`;
}
