import type { Decision } from "../domain/decision.ts";
import { baseLanguage, builtInText, spokenLanguage } from "../domain/message-text.ts";
import type { LockoutPolicy, Policy } from "../domain/policy.ts";
import {
  type Dated,
  evolveSettings,
  type MessageText,
  noSettings,
  type SettingsEvent,
  type SettingsState,
  type TextType,
  textKey,
} from "../domain/settings-state.ts";
import type { Clock } from "../lib/clock.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { Details } from "./details.ts";
import { type AggregateKind, type Loaded, Repository } from "./repository.ts";
import type { Store } from "./store-port.ts";

const cachedOrganizationsMax = 1_000;

type SettingsRepository = Repository<SettingsState, SettingsEvent>;

/** Settings are there before anything is set. They hold no keys, and no list finds them. */
export function settingsKind(type: "instance" | "organization"): AggregateKind<SettingsState, SettingsEvent> {
  return {
    type,
    cachedMax: type === "instance" ? 1 : cachedOrganizationsMax,
    initial: noSettings,
    evolve: evolveSettings,
  };
}

/** The resource owner of what belongs to no organization, and the aggregate of its settings. */
export const instanceId = "instance";

/** A setting in force, and whether it was set just there or comes from above. */
export interface InForce<T> {
  readonly value: T;
  /** Undefined where it is built in. */
  readonly dated: Dated<T> | undefined;
  readonly isDefault: boolean;
}

/** Whose settings: an organization's, or the instance's. */
export type Scope = { readonly organizationId: string } | "instance";

/** The settings of the instance and of its organizations, over what the profile says. */
export class Settings {
  readonly instance: SettingsRepository;
  readonly #organizations: SettingsRepository;
  readonly #profile: Policy;
  /** The last policy that was put together, for as long as nothing changes. */
  #memo: { readonly state: SettingsState | undefined; readonly policy: Policy };

  constructor(profile: Policy, store: Store, clock: Clock) {
    this.#profile = profile;
    this.#memo = { state: undefined, policy: profile };
    this.instance = new Repository(settingsKind("instance"), store, clock);
    this.#organizations = new Repository(settingsKind("organization"), store, clock);
  }

  find(scope: Scope): MaybePromise<Loaded<SettingsState> | undefined> {
    return this.#repository(scope).find(ownerOf(scope));
  }

  /** Carries out a decision about settings. @returns where they stand afterwards */
  async change(
    scope: Scope,
    decide: (state: SettingsState | undefined, nowMs: number) => Decision<SettingsEvent>,
  ): Promise<Details> {
    const resourceOwner = ownerOf(scope);
    const { sequence, state } = await this.#repository(scope).execute(resourceOwner, decide);
    return { sequence, createdMs: state.changedMs, changedMs: state.changedMs, resourceOwner };
  }

  #repository(scope: Scope): SettingsRepository {
    return scope === "instance" ? this.instance : this.#organizations;
  }

  /** The rules that hold for the users of an organization, at this moment. */
  policy(organizationId: string): MaybePromise<Policy> {
    // Both before either is there: on PostgreSQL they travel together.
    const instance = this.instance.find(instanceId);
    const organization = this.#organizations.find(organizationId);
    return instance instanceof Promise || organization instanceof Promise
      ? Promise.all([instance, organization]).then(([above, own]) => this.#policyOf(above?.state, own?.state))
      : this.#policyOf(instance?.state, organization?.state);
  }

  #policyOf(instance: SettingsState | undefined, organization: SettingsState | undefined): Policy {
    const policy = this.#instancePolicy(instance);
    const own = organization?.lockout;
    return own === undefined ? policy : { ...policy, lockout: own.value };
  }

  #instancePolicy(state: SettingsState | undefined): Policy {
    if (this.#memo.state !== state) {
      const { phone_code: phoneCode, otp_sms: otpSmsCode } = state?.generators ?? {};
      const policy: Policy = {
        ...this.#profile,
        phoneCode: phoneCode?.value ?? this.#profile.phoneCode,
        otpSmsCode: otpSmsCode?.value ?? this.#profile.otpSmsCode,
        lockout: state?.lockout?.value ?? this.#profile.lockout,
      };
      this.#memo = { state, policy };
    }
    return this.#memo.policy;
  }

  /** The generators and the rest of the instance, whatever the organization. */
  async instancePolicy(): Promise<Policy> {
    return this.#instancePolicy((await this.instance.find(instanceId))?.state);
  }

  /** The settings of the instance, and of the organization if there is one: on PostgreSQL they travel together. */
  #levels(scope: Scope): Promise<[Loaded<SettingsState> | undefined, Loaded<SettingsState> | undefined]> {
    return Promise.all([this.instance.find(instanceId), scope === "instance" ? undefined : this.find(scope)]);
  }

  async lockout(scope: Scope): Promise<InForce<LockoutPolicy>> {
    const [instance, organization] = await this.#levels(scope);
    const own = organization?.state.lockout;
    if (own !== undefined) return { value: own.value, dated: own, isDefault: false };
    const dated = instance?.state.lockout;
    return { value: dated?.value ?? this.#profile.lockout, dated, isDefault: true };
  }

  /**
   * The text in force: of the organization, of the instance, built in. Each is looked up in the language, and
   * then in its base language. What one leaves empty comes from the next.
   *
   * @param language BCP 47, in its canonical form
   */
  async text(scope: Scope, textType: TextType, language: string): Promise<InForce<MessageText>> {
    const [instance, organization] = await this.#levels(scope);
    const dated = textIn(instance, textType, language);
    const ofInstance = over(builtInText(textType, language), dated?.value);
    const own = textIn(organization, textType, language);
    return own === undefined
      ? { value: ofInstance, dated, isDefault: scope !== "instance" || dated === undefined }
      : { value: over(ofInstance, own.value), dated: own, isDefault: false };
  }

  /**
   * What a reader of a language gets, and the language of its text: where there is none in theirs, the one in force in
   * the default language, which may be set, too.
   */
  async textFor(
    scope: Scope,
    textType: TextType,
    wanted: string,
  ): Promise<{ readonly value: MessageText; readonly language: string }> {
    const { value } = await this.text(scope, textType, wanted);
    const language = spokenLanguage(textType, wanted, value.text);
    if (language === wanted) return { value, language };
    const { value: spoken } = await this.text(scope, textType, language);
    return { value: over(spoken, { ...value, text: "" }), language };
  }
}

/** Where a setting stands in its history. What is built in has none: everything is zero. */
export function settingDetails(scope: Scope, dated: Dated<unknown> | undefined): Details {
  const { sequence = 0, createdMs = 0, changedMs = 0 } = dated ?? {};
  return { sequence, createdMs, changedMs, resourceOwner: ownerOf(scope) };
}

/** It is also the id of the aggregate that holds the settings. */
function ownerOf(scope: Scope): string {
  return scope === "instance" ? instanceId : scope.organizationId;
}

function over(under: MessageText, text: MessageText | undefined): MessageText {
  const parts = Object.entries(text ?? {}).filter(([, part]) => part !== "");
  return { ...under, ...Object.fromEntries(parts) };
}

function textIn(
  loaded: Loaded<SettingsState> | undefined,
  textType: TextType,
  language: string,
): Dated<MessageText> | undefined {
  const texts = loaded?.state.texts ?? {};
  return (
    texts[textKey({ textType, language })] ?? texts[textKey({ textType, language: baseLanguage(language) })]
  );
}
