import { type CodeGenerator, drawCode } from "../domain/codes.ts";
import { DomainError, type Refusal } from "../domain/errors.ts";
import {
  decideActivateSmsProvider,
  decideAddSmsProvider,
  decideChangeSmsProvider,
  decideDeactivateSmsProvider,
  decideRemoveSmsProvider,
  requireSmsProvider,
  smsProviderErrors,
} from "../domain/settings.ts";
import type { Dated, SmsProviderConfig } from "../domain/settings-state.ts";
import { newDecimalId } from "../lib/id.ts";
import { plainUrl } from "../lib/plain-url.ts";
import type { AppContext } from "./context.ts";
import type { Details } from "./details.ts";
import { settingDetails } from "./settings.ts";
import { configOf, isOfKind, type SmsAccountInput } from "./sms-account.ts";

/** The use cases of SMS providers: add, change, activate, deactivate, remove. What is secret is sealed. */

type Twilio = Extract<SmsAccountInput, { kind: "twilio" }>;
type Http = Extract<SmsProviderConfig, { kind: "http" }>;

/** Letters and digits, as receivers of ZITADEL's webhooks know it. */
const signingKeyGenerator: CodeGenerator = {
  length: 36,
  lowerLetters: true,
  upperLetters: true,
  digits: true,
  symbols: false,
  ttlMs: null,
};

/** What the settings say of a provider, apart from its secrets. */
export type SmsProviderShown = WithoutSecrets<SmsProviderConfig>;
type WithoutSecrets<C> = C extends SmsProviderConfig
  ? Omit<C, `sealed${string}` | "formerSigningKey">
  : never;

export interface SmsProviderView {
  readonly id: string;
  readonly details: Details;
  readonly isActive: boolean;
  readonly config: SmsProviderShown;
}

/** In the order in which they were added. */
export async function listSmsProviders(app: AppContext): Promise<readonly SmsProviderView[]> {
  const state = (await app.settings.find("instance"))?.state;
  return Object.entries(state?.smsProviders ?? {})
    .map(([id, dated]) => viewOf(id, dated, state?.activeSmsProviderId === id))
    .toSorted((a, b) => a.details.createdMs - b.details.createdMs);
}

/** @throws DomainError if there is no such provider */
export async function getSmsProvider(app: AppContext, id: string): Promise<SmsProviderView> {
  const state = (await app.settings.find("instance"))?.state;
  const dated = requireSmsProvider(state, id, smsProviderErrors.getMissing);
  return viewOf(id, dated, state?.activeSmsProviderId === id);
}

function viewOf(id: string, dated: Dated<SmsProviderConfig>, isActive: boolean): SmsProviderView {
  return { id, details: settingDetails("instance", dated), isActive, config: dated.value };
}

/** @throws DomainError if a secret is missing, or an endpoint is no URL that may be used */
export async function addSmsProvider(
  app: AppContext,
  input: SmsAccountInput,
): Promise<{
  readonly id: string;
  readonly details: Details;
  /** Of a webhook; it is not shown again. Empty for the others. */
  readonly signingKey: string;
}> {
  requireUrl(app, input);
  const id = newDecimalId(app.clock.nowMs(), app.randomBytes);
  const signingKey = input.kind === "http" ? drawCode(signingKeyGenerator, app.randomBytes) : "";
  const config = configOf(app.vault, id, input.kind === "http" ? { ...input, signingKey } : input);
  const details = await app.settings.change("instance", (state) => decideAddSmsProvider(state, id, config));
  return { id, details, signingKey };
}

/**
 * Sets everything but its kind; secrets that are left out stay as they are.
 * @throws DomainError if there is no such provider, it is of another kind, or an endpoint is no URL that may be used
 */
export async function changeSmsProvider(
  app: AppContext,
  id: string,
  input: SmsAccountInput,
): Promise<Details> {
  requireUrl(app, input);
  const { changeMissing, otherKind } = smsProviderErrors;
  const change = (present: SmsProviderConfig): SmsProviderConfig => configOf(app.vault, id, input, present);
  return changeProvider(app, id, input.kind, changeMissing, change, otherKind);
}

/** @throws DomainError if there is no such provider of this kind */
export function changeTwilio(
  app: AppContext,
  id: string,
  change: Omit<Twilio, "kind" | "token" | "channel">,
): Promise<Details> {
  return changeProvider(app, id, "twilio", smsProviderErrors.twilioMissing, (present) => ({
    ...present,
    ...change,
  }));
}

/** @throws DomainError if there is no such provider of this kind */
export function changeTwilioToken(app: AppContext, id: string, token: string): Promise<Details> {
  const sealedToken = app.vault.seal(id, token);
  return changeProvider(app, id, "twilio", smsProviderErrors.twilioTokenMissing, (present) => ({
    ...present,
    sealedToken,
  }));
}

/**
 * @param formerKeyMs if set, a new signing key is made, and the present one is valid for this time beside it; 0 ends
 *   every former one at once
 * @throws DomainError if there is no such provider of this kind, its endpoint is no URL that may be used, or a former key
 *   is still valid, and would be valid no more
 */
export async function changeHttp(
  app: AppContext,
  id: string,
  change: Pick<Http, "endpoint" | "description">,
  formerKeyMs: number | undefined,
): Promise<{ readonly details: Details; readonly signingKey?: string }> {
  requireUrl(app, { kind: "http", ...change });
  const missing = smsProviderErrors.httpMissing;
  const { endpoint, description } = change;
  if (formerKeyMs === undefined) {
    return {
      details: await changeProvider(app, id, "http", missing, (present) => ({
        ...present,
        description,
        endpoint,
      })),
    };
  }
  const signingKey = drawCode(signingKeyGenerator, app.randomBytes);
  const sealedSigningKey = app.vault.seal(id, signingKey);
  const details = await changeProvider(app, id, "http", missing, (present, nowMs) => {
    const former = present.formerSigningKey;
    // There is one former key at a time, and it was promised how long that one is valid.
    if (formerKeyMs > 0 && former && nowMs < former.expiresMs && app.vault.opens(former.sealed)) {
      const time = new Date(former.expiresMs).toISOString();
      throw new DomainError(smsProviderErrors.formerKeyValid, { time });
    }
    // One that cannot be opened any more would keep the whole account closed.
    const isKept = formerKeyMs > 0 && app.vault.opens(present.sealedSigningKey);
    return {
      kind: "http",
      description,
      endpoint,
      sealedSigningKey,
      ...(isKept && {
        formerSigningKey: { sealed: present.sealedSigningKey, expiresMs: nowMs + formerKeyMs },
      }),
    };
  });
  return { details, signingKey };
}

/** Sends by this one from now on, and by no other. @throws DomainError if there is none, or it is active */
export function activateSmsProvider(app: AppContext, id: string): Promise<Details> {
  return app.settings.change("instance", (state) => decideActivateSmsProvider(state, id));
}

/** @throws DomainError if there is no such provider, or it is not active */
export function deactivateSmsProvider(app: AppContext, id: string): Promise<Details> {
  return app.settings.change("instance", (state) => decideDeactivateSmsProvider(state, id));
}

/** @throws DomainError if there is no such provider, or a route names it */
export function removeSmsProvider(app: AppContext, id: string): Promise<Details> {
  return app.settings.change("instance", (state) => decideRemoveSmsProvider(state, id));
}

/** @throws DomainError if there is no such provider of this kind */
function changeProvider<K extends SmsProviderConfig["kind"]>(
  app: AppContext,
  id: string,
  kind: K,
  missing: Refusal,
  change: (present: Extract<SmsProviderConfig, { kind: K }>, nowMs: number) => SmsProviderConfig,
  otherKind: Refusal = missing,
): Promise<Details> {
  return app.settings.change("instance", (state, nowMs) => {
    const { value } = requireSmsProvider(state, id, missing);
    if (!isOfKind(value, kind)) throw new DomainError(otherKind, { kind: value.kind });
    return decideChangeSmsProvider(id, value, change(value, nowMs));
  });
}

/** As RINGBACK_SMS must be. Whether its host may be reached is for the sender to tell. */
function requireUrl({ allowPrivateSms }: AppContext, input: SmsAccountInput): void {
  if (input.kind !== "http") return;
  // User and password would not be sent, and be shown to whoever may read the settings.
  const url = plainUrl(input.endpoint);
  const isAllowed = url?.protocol === "https:" || (url !== undefined && allowPrivateSms);
  if (!isAllowed) throw new DomainError(smsProviderErrors.urlInvalid);
}
