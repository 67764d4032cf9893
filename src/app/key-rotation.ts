import { decideResealSmsProviders } from "../domain/settings.ts";
import type { SmsProviderConfig } from "../domain/settings-state.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { answerKeptMs } from "./code-call.ts";
import type { CodeVault } from "./code-vault.ts";
import type { Outbox, WaitingMessage } from "./outbox-port.ts";
import { instanceId, type Settings } from "./settings.ts";
import { resealed } from "./sms-account.ts";

const messagesAtOnce = 100;
/** Between two steps: calls have the store to themselves most of the time. */
const pauseMs = 100;
/** Replicas that were not restarted yet still encrypt with an older key, so it is looked for again. */
const roundMs = 60_000;
/** The longest life of a token of our own, as in the contract. */
const tokenTtlMsMax = 24 * 60 * 60 * 1000;

export interface KeyRotationOptions {
  readonly vault: CodeVault;
  readonly settings: Settings;
  readonly outbox: Pick<Outbox, "waiting" | "reseal">;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was done in one round. */
interface Round {
  /** Accounts whose secrets, and messages whose text, are encrypted with the current key since just now. */
  providers: number;
  messages: number;
  /** Texts that no key opens. */
  unopened: number;
}

/**
 * Encrypts with the current master key what is encrypted with an older one, beside the calls that are served. It
 * may run on every replica at once: a text is replaced only where it is still the one that was read.
 *
 * Codes already sent, and tokens, cannot be re-signed: older keys verify them until they expire. Repeatable codes and
 * kept answers expire no later.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #hasTold = false;
  #stopped = false;

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  /** Begins the first round; does nothing where there is one key only. */
  start(): void {
    if (this.#stopped || this.#options.vault.olderKeyIds.length === 0) return;
    this.#round = this.#rotate().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), roundMs).unref();
    });
  }

  /** Resolves once nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #rotate(): Promise<void> {
    const round: Round = { providers: 0, messages: 0, unopened: 0 };
    try {
      await this.#resealProviders(round);
      await this.#resealMessages(round);
      await this.#tell(round);
    } catch (error) {
      this.#options.log.error("encrypting with the current master key failed; it is tried again", { error });
    }
  }

  /** They are few, and all in one aggregate. */
  async #resealProviders(round: Round): Promise<void> {
    const { settings, vault } = this.#options;
    const unopened = new Map<string, unknown>();
    const reseal = (providerId: string, config: SmsProviderConfig): SmsProviderConfig => {
      try {
        return resealed(vault, providerId, config);
      } catch (error) {
        unopened.set(providerId, error);
        return config;
      }
    };
    const { decision } = await settings.instance.execute(instanceId, (state) =>
      decideResealSmsProviders(state, reseal),
    );
    round.providers = decision.events.length;
    for (const [providerId, error] of unopened) this.#noteUnopened(round, { providerId }, error);
  }

  async #resealMessages(round: Round): Promise<void> {
    let last: WaitingMessage | undefined;
    while (!this.#stopped) {
      const messages = await this.#options.outbox.waiting(last, messagesAtOnce);
      await Promise.all(messages.map((message) => this.#resealMessage(round, message)));
      if (messages.length < messagesAtOnce) return;
      last = messages.at(-1);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #resealMessage(round: Round, message: WaitingMessage): Promise<void> {
    const { vault, outbox } = this.#options;
    const { id: messageId, sealed: before } = message;
    let sealed: string;
    try {
      sealed = vault.reseal(messageId, before);
    } catch (error) {
      this.#noteUnopened(round, { messageId }, error);
      return;
    }
    // It is refused where the message was sent meanwhile, or another replica was faster.
    if (sealed !== before && (await outbox.reseal(message, sealed))) round.messages += 1;
  }

  #noteUnopened(round: Round, what: Readonly<Record<string, string>>, error: unknown): void {
    round.unopened += 1;
    this.#options.log.error("a secret cannot be opened; was a master key removed?", { ...what, error });
  }

  async #tell({ providers, messages, unopened }: Round): Promise<void> {
    const { vault, settings, clock, log } = this.#options;
    if (this.#stopped || unopened > 0 || (this.#hasTold && providers + messages === 0)) return;
    this.#hasTold = true;
    const { phoneCode, otpSmsCode } = await settings.instancePolicy();
    const keepMs = Math.max(
      tokenTtlMsMax,
      answerKeptMs,
      phoneCode.ttlMs ?? Infinity,
      otpSmsCode.ttlMs ?? Infinity,
    );
    const { currentKeyId, olderKeyIds } = vault;
    log.info("nothing is encrypted with an older master key any more", {
      currentKeyId,
      olderKeyIds,
      providers,
      messages,
      // What was signed with them until now.
      lastCodeOrTokenExpires:
        keepMs === Infinity ? "never: codes have no end" : new Date(clock.nowMs() + keepMs).toISOString(),
    });
  }
}
