import type { CheckCode, CodeCheckResult, CodeProviders } from "../app/sms-port.ts";
import type { Channel } from "../domain/channel.ts";
import { type CodeSource, type SourceOf, us } from "../domain/decision.ts";
import type { Log } from "../lib/log.ts";
import { chain } from "../lib/maybe-promise.ts";
import type { RandomBytes } from "../lib/random.ts";
import { type LiveProvider, makesCodes, type Providers, type ProvidersInForce } from "./providers.ts";
import { drawProviders } from "./routing.ts";

const nobody: CodeSource = { kind: "nobody" };
const alwaysUs: SourceOf = () => us;

/**
 * Where the codes for a number come from, as the settings say: some providers make them themselves. Whoever would be
 * asked first to send to the number is asked for the code; where nobody would be, nobody needs one.
 */
export function createCodeProviders(
  providers: Pick<Providers, "current">,
  randomBytes: RandomBytes,
  log: Log,
): CodeProviders {
  function sourcesOf(current: ProvidersInForce, channel: Channel | undefined): SourceOf {
    return (number) => {
      const first = drawProviders(current, number, randomBytes)?.find(
        ({ provider }) => channel === undefined || provider.channel === channel,
      );
      if (first === undefined) return nobody;
      return makesCodes(first) ? { kind: "provider", providerId: first.id } : us;
    };
  }

  return {
    // Every call that makes a code asks this, and most servers send everything by one provider.
    sources: (channel) =>
      chain(providers.current(), (current) =>
        channel === undefined && allCodesAreOurs(current) ? alwaysUs : sourcesOf(current, channel),
      ),
    async check(providerId, request) {
      const { routed } = await providers.current();
      const live = routed.find(({ id }) => id === providerId);
      const result = live && (await askWhether(live, request));
      if (result?.kind === "unavailable") {
        log.warn("a code could not be checked", { providerId, reason: result.reason });
      }
      return result;
    },
  };
}

/** Whether the first route fits all numbers, somebody on it can be asked, and nobody makes codes. */
function allCodesAreOurs({ routes: [first], routed, byId }: ProvidersInForce): boolean {
  if (first === undefined || first.countries.length > 0 || routed.some(makesCodes)) return false;
  return first.targets.some(({ providerId }) => byId.has(providerId));
}

/** @returns undefined if the provider does not check codes */
async function askWhether(
  { provider: { checkCode }, breaker }: LiveProvider,
  request: Parameters<CheckCode>[0],
): Promise<CodeCheckResult | undefined> {
  if (checkCode === undefined) return undefined;
  const leftAlone = { kind: "unavailable", reason: "too many of its calls fail, or wait" } as const;
  return (await breaker.run(() => checkCode(request))) ?? leftAlone;
}
