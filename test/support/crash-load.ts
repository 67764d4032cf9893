import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Details } from "../../gen/zitadel/object/v2/object_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import type { UserEvent } from "../../src/domain/user-events.ts";
import type { Chance } from "./crash-chance.ts";
import type { Receiver } from "./crash-receiver.ts";
import { adminToken } from "./crash-server.ts";

/** An event, as far as a caller can know what a call writes. */
export interface ExpectedEvent {
  readonly type: UserEvent["type"];
  readonly phone?: string;
  readonly returned?: boolean;
}

/** What a caller knows of a user's history. */
export interface Journal {
  readonly userId: string;
  /** What the answered calls must have written, in order. */
  readonly written: ExpectedEvent[];
  /** `details.sequence` of a reply, with the event that it stands for. */
  readonly told: { readonly sequence: number; readonly event: ExpectedEvent }[];
  /** What the call that got no answer may have written, all or nothing. There is no call after it. */
  cut: readonly ExpectedEvent[];
}

export interface Tally {
  acknowledged: number;
  /** Refused because the store cannot write. */
  unavailable: number;
  refused: number;
  cut: number;
}

interface Person {
  readonly journal: Journal;
  number: string;
  /** The pending code, if it was returned; one that goes out by SMS is asked of the receiver. */
  code: { readonly returned: string | undefined; wrongTriesLeft: number } | undefined;
}

/** What one call is to write, and what comes of it. */
interface Attempt {
  readonly events: readonly ExpectedEvent[];
  readonly isRefused?: boolean;
  call(): Promise<{ readonly details?: Details | undefined }>;
}

type UserClient = Client<typeof UserService>;

const storeUnavailableId = "RINGBACK-s7Dsk";
const peopleOfWorker = 4;
const callsOfPerson = 12;
const wrongTriesMax = 5;

/** People who use their phones all the time, over gRPC, and remember what they were told. */
export class Load {
  readonly tally: Tally = { acknowledged: 0, unavailable: 0, refused: 0, cut: 0 };
  readonly journals: Journal[] = [];
  readonly #chance: Chance;
  readonly #receiver: Pick<Receiver, "codeFor">;
  readonly #people: Person[][];
  readonly #watchers = new Set<() => void>();
  #numbers = 0;
  #isStopping = false;

  /** @param workers how many calls are in flight at a time, each on a connection of its own */
  constructor(workers: number, chance: Chance, receiver: Pick<Receiver, "codeFor">) {
    this.#chance = chance;
    this.#receiver = receiver;
    this.#people = Array.from({ length: workers }, () => []);
  }

  /**
   * Goes on until `stop`, or until the server is gone.
   * @throws Error if the server answers what it should not
   */
  async run(url: string): Promise<void> {
    this.#isStopping = false;
    await Promise.all(this.#people.map((people) => this.#work(url, people)));
  }

  /** The calls in flight are the last ones. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Resolves as soon as the tally is as wanted. */
  until(isWanted: (tally: Tally) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!isWanted(this.tally)) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  async #work(url: string, people: Person[]): Promise<void> {
    const sessionManager = new Http2SessionManager(url);
    const transport = createGrpcTransport({ baseUrl: url, sessionManager, interceptors: [authorize] });
    const client = createClient(UserService, transport);
    let isAnswered = true;
    while (isAnswered && !this.#isStopping) {
      const index = this.#chance.integer(0, peopleOfWorker - 1);
      const person = people[index];
      if (person === undefined || person.journal.written.length > callsOfPerson) {
        const added = this.#newPerson();
        isAnswered = await this.#attempt(added.journal, this.#add(client, added));
        if (added.journal.written.length > 0) people[index] = added;
      } else {
        isAnswered = await this.#attempt(person.journal, this.#next(client, person));
        if (!isAnswered) people.splice(index, 1);
      }
      for (const watcher of this.#watchers) watcher();
    }
    sessionManager.abort();
  }

  #newPerson(): Person {
    const journal: Journal = { userId: `user-${this.journals.length}`, written: [], told: [], cut: [] };
    this.journals.push(journal);
    return { journal, number: this.#newNumber(), code: undefined };
  }

  /** A number that nobody has: to one number, only one SMS in thirty seconds is sent. */
  #newNumber(): string {
    this.#numbers += 1;
    return `+4179${String(this.#numbers).padStart(7, "0")}`;
  }

  #add(client: UserClient, person: Person): Attempt {
    const { userId } = person.journal;
    const phone = person.number;
    return {
      events: [
        { type: "user.human.added", phone },
        { type: "user.human.phone.code.added", returned: false },
      ],
      async call() {
        const reply = await client.addHumanUser({
          userId,
          profile: { givenName: "Ada", familyName: "Lovelace" },
          email: { email: `${userId}@example.com` },
          phone: { phone, verification: { case: "sendCode", value: {} } },
        });
        person.code = { returned: undefined, wrongTriesLeft: wrongTriesMax };
        return reply;
      },
    };
  }

  #next(client: UserClient, person: Person): Attempt {
    const code = person.code?.returned ?? this.#receiver.codeFor(person.number);
    const isCodeKnown = person.code !== undefined && code !== undefined;
    const kinds = ["send", "return", "send", "wrong code", "remove", "bad number"] as const;
    switch (this.#chance.pick(isCodeKnown ? ([...kinds, "right code", "right code"] as const) : kinds)) {
      case "send":
        return this.#setPhone(client, person, "sendCode");
      case "return":
        return this.#setPhone(client, person, "returnCode");
      case "right code":
        return this.#rightCode(client, person, code ?? "");
      case "wrong code":
        return this.#wrongCode(client, person);
      case "remove":
        return {
          events: [{ type: "user.human.phone.removed" }],
          async call() {
            const reply = await client.removePhone({ userId: person.journal.userId });
            person.code = undefined;
            return reply;
          },
        };
      case "bad number":
        return {
          events: [],
          isRefused: true,
          call: () => client.setPhone({ userId: person.journal.userId, phone: "nobody" }),
        };
    }
  }

  #setPhone(client: UserClient, person: Person, how: "sendCode" | "returnCode"): Attempt {
    const { userId } = person.journal;
    const phone = this.#newNumber();
    return {
      events: [
        { type: "user.human.phone.changed", phone },
        { type: "user.human.phone.code.added", returned: how === "returnCode" },
      ],
      async call() {
        const reply = await client.setPhone({ userId, phone, verification: { case: how, value: {} } });
        person.number = phone;
        person.code = { returned: reply.verificationCode, wrongTriesLeft: wrongTriesMax };
        return reply;
      },
    };
  }

  #rightCode(client: UserClient, person: Person, verificationCode: string): Attempt {
    const { userId } = person.journal;
    if (person.code?.wrongTriesLeft === 0) {
      return { events: [], isRefused: true, call: () => client.verifyPhone({ userId, verificationCode }) };
    }
    return {
      events: [{ type: "user.human.phone.verified" }],
      async call() {
        const reply = await client.verifyPhone({ userId, verificationCode });
        person.code = undefined;
        return reply;
      },
    };
  }

  /** A try is recorded although it is refused, unless the code is dead. */
  #wrongCode(client: UserClient, person: Person): Attempt {
    const { code } = person;
    const isDead = code?.wrongTriesLeft === 0;
    return {
      events: isDead ? [] : [{ type: "user.human.phone.verification.failed" }],
      isRefused: true,
      async call() {
        try {
          return await client.verifyPhone({ userId: person.journal.userId, verificationCode: "wrong" });
        } catch (error) {
          const isCounted = !isDead && errorIdOf(error) !== storeUnavailableId;
          if (code !== undefined && isCounted) code.wrongTriesLeft -= 1;
          throw error;
        }
      },
    };
  }

  /** @returns whether there was an answer */
  async #attempt(journal: Journal, { events, isRefused = false, call }: Attempt): Promise<boolean> {
    const { tally } = this;
    let details: Details | undefined;
    try {
      ({ details } = await call());
    } catch (error) {
      const id = errorIdOf(error);
      if (id === undefined) {
        tally.cut += 1;
        journal.cut = events;
        return false;
      }
      if (id === storeUnavailableId) tally.unavailable += 1;
      else if (!isRefused) throw error;
      else {
        tally.refused += 1;
        journal.written.push(...events);
      }
      return true;
    }
    if (isRefused) throw new Error(`${journal.userId}: what must be refused was accepted`);
    tally.acknowledged += 1;
    journal.written.push(...events);
    const event = events.at(-1);
    if (details !== undefined && event !== undefined) {
      journal.told.push({ sequence: Number(details.sequence), event });
    }
    return true;
  }
}

const authorize: NonNullable<Parameters<typeof createGrpcTransport>[0]["interceptors"]>[number] =
  (next) => (request) => {
    request.header.set("authorization", `Bearer ${adminToken}`);
    return next(request);
  };

/** Every refusal of the server has an id; what the client makes of a lost connection has none. */
export function errorIdOf(error: unknown): string | undefined {
  return ConnectError.from(error).findDetails(ErrorDetailSchema)[0]?.id;
}
