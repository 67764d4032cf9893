import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { executeCodeCall } from "../../src/app/code-call.ts";
import { CodeVault } from "../../src/app/code-vault.ts";
import type { AppContext } from "../../src/app/context.ts";
import { newCode } from "../../src/app/new-code.ts";
import type { Attempt, Outbox, Settlement } from "../../src/app/outbox-port.ts";
import type { CodeProviders, SendResult, SmsMessage, SmsProvider } from "../../src/app/sms-port.ts";
import { Repository } from "../../src/app/repository.ts";
import { sessionKind } from "../../src/app/session-kind.ts";
import { Settings } from "../../src/app/settings.ts";
import { type AggregateRef, type Store, StoreUnavailableError } from "../../src/app/store-port.ts";
import { userKind } from "../../src/app/user-kind.ts";
import { createCodeProviders } from "../../src/courier/code-providers.ts";
import { Courier } from "../../src/courier/courier.ts";
import { Providers } from "../../src/courier/providers.ts";
import type { Channel } from "../../src/domain/channel.ts";
import { decideAddHumanUser, type decideRemoveUser } from "../../src/domain/account.ts";
import { type Facts, type SourceOf, us } from "../../src/domain/decision.ts";
import { policyOf } from "../../src/domain/policy.ts";
import type { Route } from "../../src/domain/routes.ts";
import type { SettingsEvent } from "../../src/domain/settings-state.ts";
import { noProfile, type UserState } from "../../src/domain/user-state.ts";
import { createLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { fakeSmsProvider } from "./fake-sms-provider.ts";
import { withParts } from "./with-parts.ts";

/** The courier has to end what was accepted before the routes were changed, too. */
export const policy = { ...policyOf("safe", undefined), refusesUnsendable: false };

const ours: SourceOf = () => us;

/** What a provider of the tests does, and can. */
export type Fake = Partial<Omit<SmsProvider, "send">> & {
  readonly answer?: (message: SmsMessage) => SendResult | Promise<SendResult>;
};

/** Couriers over one store, with providers that do as they are told and a clock that stands still. */
export class Post {
  nowMs = 1_000_000;
  readonly lines: string[] = [];
  readonly sent: SmsMessage[] = [];
  /** The ids of the providers that got them. */
  readonly askedIds: string[] = [];
  /** How a message ended, by its outcome. */
  readonly settled: Settlement[] = [];
  /** What the providers answer that have no answer of their own. */
  answer: (message: SmsMessage) => SendResult | Promise<SendResult> = () => ({ kind: "sent" });
  readonly app: AppContext;
  readonly store: Store;
  /** For another courier than ours. */
  readonly outbox: Outbox;
  courier: Courier;
  readonly #fakes = new Map<string, Fake>();
  readonly #newCourier: () => Courier;
  codeProviders: CodeProviders | undefined;
  #changed = Promise.withResolvers<void>();
  #failSettling = false;
  /** While it is set, couriers claim nothing. */
  isHeld = false;
  /** While set, the outbox cannot be read. */
  isCut = false;
  /** Happens before it is written that a provider is about to be asked. */
  onBegin: () => unknown = () => {};
  /** Happens after a message was given back, before its courier hears of it. */
  onGivenBack: () => unknown = () => {};
  /** Whether the courier is told of new messages, as it is of those that its own server writes. */
  isTold = true;

  /** @param isShared whether other servers write to the store, which then reads every row anew */
  constructor({ isShared = false } = {}) {
    const clock = { nowMs: () => this.nowMs };
    const memory = openMemoryStore();
    this.outbox = memory.outbox;
    const observed = this.#observe(memory);
    const load = async (aggregate: AggregateRef) => {
      const row = await memory.load(aggregate);
      return row && { ...row, state: JSON.parse(JSON.stringify(row.state)) };
    };
    const store = isShared ? withParts(observed, { load, isShared, isInMemory: false }) : observed;
    this.store = store;
    const common = {
      users: new Repository(userKind, store, clock),
      sessions: new Repository(sessionKind, store, clock),
      settings: new Settings(policy, store, clock),
      vault: new CodeVault([Uint8Array.from(randomBytes(32))], randomBytes),
      clock,
      randomBytes,
    };
    this.app = {
      ...common,
      store,
      codeProviders: { sources: () => ours, check: async () => undefined },
      allowPrivateSms: true,
      knownRoles: [],
      onMessage: () => void (this.isTold && this.courier.wake()),
    };
    const log = createLog("debug", (line) => {
      this.lines.push(line);
      this.#notify();
    });
    this.#newCourier = () => {
      const providers = new Providers({
        ...common,
        create: ({ id }) => this.#providerOf(id),
        fallback: this.#providerOf("default"),
        log,
      });
      this.codeProviders = createCodeProviders(providers, randomBytes, log);
      const receiptUrlOf = (providerId: string, messageId: string) => `https://me/${providerId}/${messageId}`;
      return new Courier({ ...common, outbox: store.outbox, providers, receiptUrlOf, log });
    };
    this.courier = this.#newCourier();
  }

  /** Lets everything run that waits for nothing outside. */
  async quiet(): Promise<void> {
    await setImmediate();
  }

  /** Adds providers to the settings. */
  async addProviders(fakes: Readonly<Record<string, Fake>>): Promise<void> {
    for (const [id, fake] of Object.entries(fakes)) {
      this.#fakes.set(id, fake);
      const sealedSigningKey = this.app.vault.seal(id, "key");
      await this.#set({
        type: "settings.sms.provider.added",
        data: { providerId: id, config: { kind: "http", description: "", endpoint: "", sealedSigningKey } },
      });
    }
  }

  activate(providerId: string): Promise<void> {
    return this.#set({ type: "settings.sms.provider.activated", data: { providerId } });
  }

  remove(providerId: string): Promise<void> {
    return this.#set({ type: "settings.sms.provider.removed", data: { providerId } });
  }

  route(...routes: readonly Route[]): Promise<void> {
    return this.#set({ type: "settings.sms.routes.set", data: { routes } });
  }

  /** Another server changes a setting that has nothing to do with providers. */
  async changeSettingsElsewhere(): Promise<void> {
    const elsewhere = new Settings(policy, this.store, this.app.clock);
    const event = { type: "settings.lockout.set", data: policy.lockout } as const;
    await elsewhere.instance.execute("instance", () => ({ events: [event] }));
  }

  /** Adds providers, and a route that asks them one after the other. */
  async offer(fakes: Readonly<Record<string, Fake>>): Promise<void> {
    await this.addProviders(fakes);
    const targets = Object.keys(fakes).map((providerId, index) => ({
      providerId,
      weight: 1,
      step: index + 1,
    }));
    await this.route({ countries: [], targets });
  }

  /** The process dies, its leases end, and another one begins. */
  crash(): void {
    this.courier = this.#newCourier();
    this.pass(30_000);
  }

  /** Time goes by. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.courier.wake();
  }

  /** The attempts of the only message. */
  async attempts(): Promise<readonly Attempt[]> {
    return (await this.store.outbox.list({ limit: 1 }))[0]?.attempts ?? [];
  }

  failNextSettling(): void {
    this.#failSettling = true;
  }

  /** Resolves once the condition holds; looks whenever something was sent, written or logged. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changed.promise;
  }

  /** Adds a user with an SMS on its way. */
  async send(
    userId: string,
    number = `+41791${userId.padStart(6, "0")}`,
    channel: Channel | undefined = undefined,
  ): Promise<void> {
    const code = newCode(this.app, policy.phoneCode, policy.resend);
    const sourceOf = (await this.codeProviders?.sources(channel)) ?? ours;
    await executeCodeCall(
      this.app,
      policy,
      userId,
      { channel, sourceOf },
      (state, facts) =>
        decideAddHumanUser(
          state,
          {
            userId,
            resourceOwner: "org",
            userName: `user-${userId}`,
            profile: noProfile,
            email: { address: "", isVerified: false },
            metadata: [],
            phone: { number, verification: "send_code", code },
          },
          facts,
        ),
      () => undefined,
    );
  }

  change(userId: string, decide: (user: UserState, facts: Facts) => ReturnType<typeof decideRemoveUser>) {
    return executeCodeCall(
      this.app,
      policy,
      userId,
      { channel: undefined, sourceOf: ours },
      (state, facts) => {
        if (state === undefined) throw new Error(`no user ${userId}`);
        return decide(state, facts);
      },
      (done) => done,
    );
  }

  async #set(event: SettingsEvent): Promise<void> {
    await this.app.settings.instance.execute("instance", () => ({ events: [event] }));
  }

  #providerOf(id: string): SmsProvider {
    return fakeSmsProvider({
      ...this.#fakes.get(id),
      send: async (message) => {
        this.sent.push(message);
        this.askedIds.push(id);
        this.#notify();
        return (this.#fakes.get(id)?.answer ?? this.answer)(message);
      },
    });
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #observe(store: Store): Store {
    const noteSettlement = (settlement: Settlement): void => {
      this.settled.push(settlement);
      this.#notify();
    };
    return withParts(store, {
      commit: async (commit) => {
        if (commit.settle !== undefined && this.#failSettling) {
          this.#failSettling = false;
          throw new StoreUnavailableError("the disk is full");
        }
        const outcome = await store.commit(commit);
        if (outcome.kind === "committed" && commit.settle !== undefined) noteSettlement(commit.settle);
        return outcome;
      },
      outbox: withParts(store.outbox, {
        nextDueMs: async () => {
          if (this.isCut) throw new StoreUnavailableError("the database cannot be reached");
          return store.outbox.nextDueMs();
        },
        claim: async (...args) => (this.isHeld ? [] : store.outbox.claim(...args)),
        begin: async (claim, attempts) => {
          await this.onBegin();
          return store.outbox.begin(claim, attempts);
        },
        retry: async (...args) => {
          await store.outbox.retry(...args);
          await this.onGivenBack();
          this.#notify();
        },
        settle: async (settlement) => {
          await store.outbox.settle(settlement);
          noteSettlement(settlement);
        },
      }),
    });
  }
}
