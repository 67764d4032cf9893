import { type CountryCode, Metadata, type NumberingPlan } from "libphonenumber-js/max";
import metadata from "libphonenumber-js/max/metadata";

/** What tells whether the digits behind a calling code are all of a number and nothing else. */
interface Plan {
  /** What is dialled in front of a number within the country, and not part of it. */
  readonly prefix: RegExp;
  /** How many digits a number may have, in each of the countries that share the calling code. */
  readonly lengths: ReadonlySet<number>;
}

const shape = /^\+[1-9][0-9]{6,14}$/;
const callingCodeDigitsMax = 3;
/** By calling code, of which there are some 200; none begins with another. */
const plans = new Map(
  Object.entries(metadata.country_calling_codes).map(([code, countries]) => [code, planOf(countries)]),
);

/**
 * Whether this is a possible number in E.164, which parsing would give back as it is. Nearly all callers send that,
 * and parsing takes 3–15 µs, because it finds out the country, too.
 *
 * @returns false also where only parsing can tell
 */
export function isPlainNumber(text: string): boolean {
  if (!shape.test(text)) return false;
  for (let end = 2; end <= 1 + callingCodeDigitsMax; end += 1) {
    const plan = plans.get(text.slice(1, end));
    if (plan === undefined) continue;
    return plan.lengths.has(text.length - end) && !plan.prefix.test(text.slice(end));
  }
  return false;
}

/**
 * @param countries that share a calling code; the prefix of the first counts for all
 * @returns undefined where only parsing can tell
 */
function planOf(countries: readonly CountryCode[]): Plan | undefined {
  const [main, ...others] = countries.map((country) => {
    const selected = new Metadata();
    selected.selectNumberingPlan(country);
    return selected.numberingPlan;
  });
  if (main === undefined || !hasPrefix(main)) return undefined;
  const lengths = main
    .possibleLengths()
    .filter((length) => others.every((other) => other?.possibleLengths().includes(length)));
  const prefix = main.nationalPrefixForParsing();
  return { lengths: new Set(lengths), prefix: prefix === undefined ? nothing : new RegExp(`^(?:${prefix})`) };
}

const nothing = /(?!)/;

/** The library's types leave it out. */
function hasPrefix(
  plan: NumberingPlan,
): plan is NumberingPlan & { nationalPrefixForParsing(): string | undefined } {
  return "nationalPrefixForParsing" in plan;
}
