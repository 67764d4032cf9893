import { setTimeout as wait } from "node:timers/promises";
import type { Chance } from "./crash-chance.ts";
import { type Answer, type Call, unavailableId } from "./crash-history.ts";
import type { Receiver } from "./crash-receiver.ts";
import {
  addUser,
  checkSession,
  type Clients,
  connectTo,
  type Delivery,
  enroll,
  failureOf,
  listSession,
  listUser,
  openSession,
  readSession,
  readUser,
  removePhone,
  type Request,
  resendCode,
  setPhone,
  verifyPhone,
} from "./crash-requests.ts";

export interface LoadOptions {
  /** How many call at a time, each on connections of its own. */
  readonly callers: number;
  /** Deadline of each call. */
  readonly callMs: number;
  readonly chance: Chance;
  readonly receiver: Pick<Receiver, "codeFor">;
}

export interface Tally {
  done: number;
  refused: number;
  /** Refused because the replica could not write. */
  unavailable: number;
  unknown: number;
  unreachable: number;
}

/** A user, as far as those know who act for them; several may do so at once. */
interface Person {
  readonly userId: string;
  readonly isEnrolled: boolean;
  steps: number;
  number: string;
  /** The newest code of the phone or the session, if it was returned; else the receiver may have it. */
  returnedCode: string | undefined;
  /** Codes that were replaced. */
  readonly oldCodes: string[];
  sessionId: string | undefined;
}

type Ask = (request: Request) => Promise<Answer>;

/** Callers to a person, on the average: they meet. */
const callersOfPerson = 2;
const stepsOfPerson = 24;
/** Tries at once, more than a code may take. */
const guessesAtOnce = 8;
/** At as many replicas, if the first does not answer. */
const attemptsMax = 3;
const pauseMs = 20;

/** People who use their phones all the time, at whichever replica answers, and remember what they were told. */
export class Load {
  /** Every call that has ended, in this order. */
  readonly calls: Call[] = [];
  readonly tally: Tally = { done: 0, refused: 0, unavailable: 0, unknown: 0, unreachable: 0 };
  readonly #options: LoadOptions;
  readonly #people: (Person | undefined)[];
  readonly #watchers = new Set<() => void>();
  #peopleAdded = 0;
  #numbersGiven = 0;
  #sessionsAsked = 0;
  #isStopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#people = Array.from({ length: Math.ceil(options.callers / callersOfPerson) });
  }

  /**
   * Goes on until `stop`.
   *
   * @param replicas gives the URLs of those that may answer now
   */
  async run(replicas: () => readonly string[]): Promise<void> {
    this.#isStopping = false;
    await Promise.all(
      Array.from({ length: this.#options.callers }, async (_, number) => {
        const caller = new Caller(`caller-${number}`);
        while (!this.#isStopping) await this.#step((request) => this.#ask(caller, request, replicas));
        caller.hangUp();
      }),
    );
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

  // ------------------------------------------------------------------------------------ what they do

  async #step(ask: Ask): Promise<void> {
    const place = this.#options.chance.integer(0, this.#people.length - 1);
    const person = this.#people[place];
    if (person === undefined || person.steps === stepsOfPerson) {
      this.#people[place] = await this.#newPerson(ask);
      return;
    }
    person.steps += 1;
    await (person.isEnrolled ? this.#useSession(person, ask) : this.#usePhone(person, ask));
  }

  /** @returns undefined if nobody was told that there is this user */
  async #newPerson(ask: Ask): Promise<Person | undefined> {
    const userId = `user-${this.#peopleAdded}`;
    this.#peopleAdded += 1;
    const isEnrolled = this.#options.chance.integer(1, 4) === 1;
    const number = this.#newNumber();
    const added = await ask(addUser(userId, number, isEnrolled ? "isVerified" : "sendCode"));
    if (added.kind !== "done") return undefined;
    if (isEnrolled && (await ask(enroll(userId))).kind !== "done") return undefined;
    return {
      userId,
      isEnrolled,
      steps: 0,
      number,
      returnedCode: undefined,
      oldCodes: [],
      sessionId: undefined,
    };
  }

  async #usePhone(person: Person, ask: Ask): Promise<void> {
    const { userId } = person;
    const guess = (code: string, times: number): Promise<unknown> =>
      Promise.all(Array.from({ length: times }, () => ask(verifyPhone(userId, code))));
    const percent = this.#options.chance.integer(1, 100);
    if (percent <= 20) await this.#setPhone(person, ask, "sendCode");
    else if (percent <= 35) await this.#setPhone(person, ask, "returnCode");
    else if (percent <= 40) await this.#renew(person, ask, resendCode(userId, "sendCode"));
    else if (percent <= 45) await this.#renew(person, ask, resendCode(userId, "returnCode"));
    else if (percent <= 60) await guess(this.#codeOf(person) ?? "none", 2);
    else if (percent <= 65) await guess(person.oldCodes.at(-1) ?? "none", 1);
    else if (percent <= 71) await guess("wrong", 1);
    else if (percent <= 74) await guess("wrong", guessesAtOnce);
    else if (percent <= 79) await ask(removePhone(userId));
    else if (percent <= 90) await ask(readUser(userId));
    else await ask(listUser(userId));
  }

  async #setPhone(person: Person, ask: Ask, how: Delivery): Promise<void> {
    const phone = this.#newNumber();
    await this.#renew(person, ask, setPhone(person.userId, phone, how));
  }

  async #useSession(person: Person, ask: Ask): Promise<void> {
    const { userId, sessionId } = person;
    const percent = this.#options.chance.integer(1, 100);
    if (sessionId === undefined || percent <= 20) {
      // To one number, only one SMS in thirty seconds is sent.
      const how = sessionId === undefined ? "sendCode" : "returnCode";
      this.#sessionsAsked += 1;
      const request = openSession(userId, how, `session ${this.#sessionsAsked}`);
      // Some lose patience, and repeat it.
      const again = this.#options.chance.integer(1, 2) === 1 ? ask(request) : undefined;
      await Promise.all([this.#renew(person, ask, request), again]);
      return;
    }
    const guess = (code: string, times: number): Promise<unknown> =>
      Promise.all(Array.from({ length: times }, () => ask(checkSession(userId, sessionId, code))));
    if (percent <= 50) await guess(this.#codeOf(person) ?? "none", 2);
    else if (percent <= 55) await guess(person.oldCodes.at(-1) ?? "none", 1);
    else if (percent <= 65) await guess("wrong", 1);
    else if (percent <= 70) await guess("wrong", guessesAtOnce);
    else if (percent <= 80) await ask(readUser(userId));
    else if (percent <= 90) await ask(readSession(userId, sessionId));
    else await ask(listSession(userId, sessionId));
  }

  /** Asks for a new code. */
  async #renew(person: Person, ask: Ask, request: Request): Promise<void> {
    const former = this.#codeOf(person);
    const answer = await ask(request);
    if (answer.kind !== "done") return;
    if (former !== undefined) person.oldCodes.push(former);
    person.number = request.phone ?? person.number;
    person.returnedCode = answer.code;
    person.sessionId = answer.sessionId ?? person.sessionId;
  }

  #codeOf({ returnedCode, number }: Person): string | undefined {
    return returnedCode ?? this.#options.receiver.codeFor(number);
  }

  /** A number that nobody has. */
  #newNumber(): string {
    this.#numbersGiven += 1;
    return `+4179${String(this.#numbersGiven).padStart(7, "0")}`;
  }

  // ------------------------------------------------------------------------------ how they are answered

  /** Asks a replica, and another one when that does not answer. */
  async #ask(caller: Caller, request: Request, replicas: () => readonly string[]): Promise<Answer> {
    let answer: Answer = { kind: "unreachable" };
    let last: string | undefined;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const running = replicas();
      const choices = running.length > 1 ? running.filter((each) => each !== last) : running;
      if (choices.length > 0) {
        last = this.#options.chance.pick(choices);
        answer = await this.#attempt(caller, request, last);
        caller.keepOnly(replicas());
      }
      if (answer.kind === "done" || answer.kind === "refused" || this.#isStopping) break;
      await wait(pauseMs);
    }
    return answer;
  }

  async #attempt(caller: Caller, { send, ...asked }: Request, replica: string): Promise<Answer> {
    const startMs = Date.now();
    const answer = await send(caller.clientsOf(replica), { timeoutMs: this.#options.callMs }).then(
      (done): Answer => ({ kind: "done", ...done }),
      failureOf,
    );
    this.calls.push({ caller: caller.name, replica, ...asked, startMs, endMs: Date.now(), answer });
    const isUnavailable = answer.kind === "refused" && answer.id === unavailableId;
    this.tally[isUnavailable ? "unavailable" : answer.kind] += 1;
    for (const watcher of this.#watchers) watcher();
    return answer;
  }
}

class Caller {
  readonly name: string;
  readonly #clients = new Map<string, Clients>();

  constructor(name: string) {
    this.name = name;
  }

  clientsOf(replica: string): Clients {
    const clients = this.#clients.get(replica) ?? connectTo(replica);
    this.#clients.set(replica, clients);
    return clients;
  }

  keepOnly(replicas: readonly string[]): void {
    for (const [replica, clients] of this.#clients) {
      if (replicas.includes(replica)) continue;
      clients.close();
      this.#clients.delete(replica);
    }
  }

  hangUp(): void {
    this.keepOnly([]);
  }
}
