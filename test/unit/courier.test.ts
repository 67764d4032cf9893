import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CodeVault } from "../../src/app/code-vault.ts";
import { type AppContext, execute, newCode } from "../../src/app/context.ts";
import type { SendResult, Settlement, SmsMessage, SmsProvider, Store } from "../../src/app/ports.ts";
import { StoreUnavailableError } from "../../src/app/ports.ts";
import { Repository } from "../../src/app/repository.ts";
import { sessionKind } from "../../src/app/sessions.ts";
import { Settings } from "../../src/app/settings.ts";
import { userKind } from "../../src/app/users.ts";
import { Courier } from "../../src/courier/courier.ts";
import { decideAddHumanUser, decideRemoveUser } from "../../src/domain/account.ts";
import type { Facts } from "../../src/domain/decision.ts";
import { v2 } from "../../src/domain/generations.ts";
import { decideRemovePhone, decideResendPhoneCode, decideVerifyPhone } from "../../src/domain/phone.ts";
import { policyOf } from "../../src/domain/policy.ts";
import type { UserState } from "../../src/domain/user.ts";
import { createLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";

const minuteMs = 60_000;
const policy = policyOf("safe", undefined);

/** A courier over a real store, with a provider that does as it is told and a clock that stands still. */
class Post {
  nowMs = 1_000_000;
  readonly lines: string[] = [];
  readonly sent: SmsMessage[] = [];
  /** How a message ended, by its outcome. */
  readonly settled: Settlement[] = [];
  answer: (message: SmsMessage) => SendResult | Promise<SendResult> = () => ({ kind: "sent" });
  readonly app: AppContext;
  readonly store: Store;
  readonly courier: Courier;
  #changed = Promise.withResolvers<void>();
  #failSettling = false;

  constructor() {
    const clock = { nowMs: () => this.nowMs };
    const store = this.#observe(openMemoryStore());
    this.store = store;
    const common = {
      users: new Repository(userKind, store, clock),
      sessions: new Repository(sessionKind, store, clock),
      settings: new Settings(policy, store, clock),
      vault: new CodeVault([Uint8Array.from(randomBytes(32))], randomBytes),
      clock,
      randomBytes,
    };
    this.app = { ...common, store, knownRoles: [], onMessage: () => this.courier.wake() };
    const provider: SmsProvider = {
      name: "fake",
      channel: "sms",
      isIdempotent: true,
      send: async (message) => {
        this.sent.push(message);
        this.#notify();
        return this.answer(message);
      },
      async close() {},
    };
    const log = createLog("debug", (line) => {
      this.lines.push(line);
      this.#notify();
    });
    this.courier = new Courier({
      ...common,
      outbox: store.outbox,
      provider: { get: async () => provider },
      log,
    });
  }

  failNextSettling(): void {
    this.#failSettling = true;
  }

  /** Resolves once the condition holds; looks whenever something was sent, written or logged. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changed.promise;
  }

  /** Adds a user with an SMS on its way. */
  async send(userId: string): Promise<void> {
    const code = newCode(this.app, policy.phoneCode);
    const number = `+41791${userId.padStart(6, "0")}`;
    await execute(this.app, policy, userId, (state, facts) =>
      decideAddHumanUser(
        state,
        {
          userId,
          resourceOwner: "org",
          userName: `user-${userId}`,
          profile: {
            givenName: "Ada",
            familyName: "",
            nickName: "",
            displayName: "",
            preferredLanguage: "",
            gender: 0,
          },
          email: { address: "", isVerified: false },
          metadata: [],
          phone: { number, verification: "send_code", code },
        },
        facts,
      ),
    );
  }

  change(userId: string, decide: (user: UserState, facts: Facts) => ReturnType<typeof decideRemoveUser>) {
    return execute(this.app, policy, userId, (state, facts) => {
      if (state === undefined) throw new Error(`no user ${userId}`);
      return decide(state, facts);
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
    return {
      load: (aggregate) => store.load(aggregate),
      findByKey: (key) => store.findByKey(key),
      search: (type, search) => store.search(type, search),
      replaceRows: (rows) => store.replaceRows(rows),
      history: (after, limit) => store.history(after, limit),
      inbox: store.inbox,
      close: () => store.close(),
      commit: async (commit) => {
        if (commit.settle !== undefined && this.#failSettling) {
          this.#failSettling = false;
          throw new StoreUnavailableError("the disk is full");
        }
        const outcome = await store.commit(commit);
        if (outcome.kind === "committed" && commit.settle !== undefined) noteSettlement(commit.settle);
        return outcome;
      },
      outbox: {
        claim: (nowMs, leaseMs, limit) => store.outbox.claim(nowMs, leaseMs, limit),
        nextDueMs: () => store.outbox.nextDueMs(),
        begin: (claim, attempts) => store.outbox.begin(claim, attempts),
        noteReceipt: (receipt) => store.outbox.noteReceipt(receipt),
        find: (messageId) => store.outbox.find(messageId),
        list: (query) => store.outbox.list(query),
        retry: async (...args) => {
          await store.outbox.retry(...args);
          this.#notify();
        },
        settle: async (settlement) => {
          await store.outbox.settle(settlement);
          noteSettlement(settlement);
        },
      },
    };
  }
}

describe("the courier", () => {
  let post: Post;
  beforeEach(() => void (post = new Post()));
  afterEach(() => post.courier.stop());

  const outcomes = () => post.settled.map(({ outcome }) => outcome);

  it("sends a message once, and records it", async () => {
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    post.courier.wake();
    expect(post.sent).toHaveLength(1);
    expect(post.sent[0]).toMatchObject({
      recipient: "+41791000001",
      purpose: "verify_phone",
      user: { id: "1" },
    });
    expect(post.sent[0]?.text).toContain(post.sent[0]?.code);
    expect(outcomes()).toEqual(["sent"]);
    const types = (await post.store.history(0, 10)).map(({ type }) => type);
    expect(types.at(-1)).toBe("user.human.phone.code.sent");
    expect(post.lines.join("")).not.toContain(post.sent[0]?.code);
    expect(post.lines.join("")).not.toContain("+41791000001");
  });

  it("tries again after what may pass, under the same id", async () => {
    post.answer = () => (post.sent.length < 4 ? { kind: "retry", reason: "busy" } : { kind: "sent" });
    await post.send("1");
    for (let attempt = 2; attempt <= 4; attempt += 1) {
      await post.until(() => post.lines.length >= attempt - 1);
      post.nowMs += 30_000; // beyond the longest back-off
      post.courier.wake();
    }
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["sent"]);
    expect(new Set(post.sent.map(({ id }) => id)).size).toBe(1);
  });

  it("waits as long as the provider asks", async () => {
    post.answer = () => ({ kind: "retry", reason: "slow down", retryAfterMs: 90_000 });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    expect(await post.store.outbox.nextDueMs()).toBe(post.nowMs + 90_000);
  });

  it("gives up when the code would expire first, and after a definite refusal", async () => {
    post.answer = () => ({ kind: "retry", reason: "slow down", retryAfterMs: 10 * minuteMs });
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    post.answer = () => ({ kind: "rejected", reason: "no such number" });
    await post.send("2");
    await post.until(() => post.settled.length === 2);
    expect(post.settled).toMatchObject([
      { outcome: "dead", reason: expect.stringContaining("expires before") },
      { outcome: "dead", reason: "no such number" },
    ]);
  });

  it.each([
    [
      "answered",
      (user: UserState, facts: Facts) =>
        decideVerifyPhone(user, post.sent.at(-1)?.code ?? "", v2.verify, facts),
    ],
    ["removed", (user: UserState) => decideRemovePhone(user, v2.remove)],
    [
      "replaced by one that the caller got",
      (user: UserState, facts: Facts) =>
        decideResendPhoneCode(
          user,
          { verification: "return_code", code: newCode(post.app, policy.phoneCode) },
          v2.resend,
          facts,
        ),
    ],
    ["gone with its user", () => decideRemoveUser()],
  ] as const)("does not send again what was %s meanwhile", async (_name, decide) => {
    post.answer = () => ({ kind: "retry", reason: "busy" });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    await post.change("1", decide);
    post.nowMs += 30_000;
    post.courier.wake();
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["skipped"]);
    expect(post.sent).toHaveLength(1);
  });

  it("does not send what has expired", async () => {
    post.answer = () => ({ kind: "retry", reason: "busy", retryAfterMs: minuteMs });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    post.nowMs += 10 * minuteMs;
    post.courier.wake();
    await post.until(() => post.settled.length === 1);
    expect(post.settled).toMatchObject([{ outcome: "skipped", reason: "the code has expired" }]);
    expect(post.sent).toHaveLength(1);
  });

  it("sends to sixteen at a time, so that one that hangs does not hold up the others", async () => {
    const hanging = Promise.withResolvers<SendResult>();
    post.answer = (message) => (message.user.id === "1" ? hanging.promise : { kind: "sent" });
    for (let id = 1; id <= 40; id += 1) await post.send(String(id));
    await post.until(() => post.settled.length === 39);
    let isStopped = false;
    const stopped = post.courier.stop().then(() => (isStopped = true));
    await Promise.resolve();
    expect(isStopped).toBe(false);
    hanging.resolve({ kind: "sent" });
    await stopped;
    expect(post.settled).toHaveLength(40);
  });

  it("never has more than sixteen in its hands", async () => {
    let inHand = 0;
    let most = 0;
    post.answer = async () => {
      inHand += 1;
      most = Math.max(most, inHand);
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      inHand -= 1;
      return { kind: "sent" };
    };
    await Promise.all(Array.from({ length: 60 }, (_, id) => post.send(String(id + 1))));
    await post.until(() => post.settled.length === 60);
    expect(most).toBeLessThanOrEqual(16);
    expect(post.sent).toHaveLength(60);
  });

  it("leaves a provider alone that fails steadily, tries it with one message, and goes on when it is back", async () => {
    post.answer = () => ({ kind: "retry", reason: "down", retryAfterMs: 1 });
    for (let id = 1; id <= 40; id += 1) await post.send(String(id));
    await post.until(() => post.lines.length >= 8);
    const before = post.sent.length;
    expect(before).toBeLessThan(30);
    for (let probe = 1; probe <= 3; probe += 1) {
      post.nowMs += 6_000; // longer than any rest
      post.courier.wake();
      const logged = post.lines.length;
      await post.until(() => post.lines.length > logged);
      expect(post.sent).toHaveLength(before + probe);
    }
    post.answer = () => ({ kind: "sent" });
    post.nowMs += 6_000;
    post.courier.wake();
    await post.until(() => post.settled.length === 40);
    expect(new Set(outcomes())).toEqual(new Set(["sent"]));
  });

  it("keeps a message whose sending could not be recorded, and sends it again under the same id", async () => {
    post.failNextSettling();
    await post.send("1");
    await post.until(() => post.lines.some((line) => line.includes("could not be recorded")));
    post.nowMs += 30_000; // the lease
    post.courier.wake();
    await post.until(() => post.settled.length === 1);
    expect(post.sent.map(({ id }) => id)).toEqual([post.settled[0]?.messageId, post.settled[0]?.messageId]);
  });
});
