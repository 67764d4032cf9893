import { adminToken } from "../users.ts";
import type { Call } from "./connection.ts";
import type { Job } from "./job.ts";

/** Who calls next, and with what. */
export interface Callers {
  /** Undefined if there is nobody left. */
  next(dueMs: number): Call | undefined;
  /** Is told of every answer. */
  answered(call: Call, code: string | undefined): void;
}

/** Codes that wait for VerifyPhone, by user. */
export type Codes = Map<number, string>;

/** Hot users are spread over the whole store. */
const hotEvery = 100;
const hotShare = 0.9;

/** More than there are ever calls in flight. */
const usersMin = 1_000;

export interface CallersOptions {
  readonly job: Job;
  readonly codes: Codes;
  /** Of the users that call by themselves. */
  readonly tokens: readonly string[];
}

export function createCallers({ job, codes, tokens }: CallersOptions): Callers {
  switch (job.method) {
    case "SetPhone":
      return setters(job, codes);
    case "VerifyPhone":
      return verifiers(codes);
    case "GetMyPhone":
      return getters(Math.min(job.users, tokens.length), tokens);
  }
}

function setters({ users, draw }: Job, codes: Codes): Callers {
  if (users < usersMin) throw new Error(`SetPhone needs ${usersMin} users`);
  codes.clear();
  const inFlight = new Set<number>();
  return {
    next(dueMs) {
      const user = draw === "hot" ? drawHot(users) : drawFree(users, inFlight);
      inFlight.add(user);
      return { user, text: nextNumber(), token: adminToken, dueMs };
    },
    answered({ user }, code) {
      inFlight.delete(user);
      if (code !== undefined && draw === "alike") codes.set(user, code);
    },
  };
}

function verifiers(codes: Codes): Callers {
  return {
    next(dueMs) {
      for (const [user, text] of codes) {
        codes.delete(user);
        return { user, text, token: adminToken, dueMs };
      }
      return undefined;
    },
    answered() {},
  };
}

function getters(users: number, tokens: readonly string[]): Callers {
  return {
    next(dueMs) {
      const user = drawAlike(users);
      return { user, text: "", token: tokens[user] ?? "", dueMs };
    },
    answered() {},
  };
}

function drawAlike(users: number): number {
  return Math.floor(random() * users);
}

/** Nobody calls twice at a time, so that the last code that came is the one that counts. */
function drawFree(users: number, inFlight: ReadonlySet<number>): number {
  for (;;) {
    const user = drawAlike(users);
    if (!inFlight.has(user)) return user;
  }
}

/** A few hot users have to call several times at a time. */
function drawHot(users: number): number {
  return random() < hotShare ? hotEvery * Math.floor((random() * users) / hotEvery) : drawAlike(users);
}

let seed = 1;
let numbers = 0;
const numbersOfLoad = 100_000_000;

/** Loads that run at the same time draw other users and give other numbers. @param load 0 for the first */
export function becomeLoad(load: number): void {
  seed = 1 + load;
  numbers = load * numbersOfLoad;
}

/** From 0 to 1, the same in each run: xorshift32 (Marsaglia, 2003). */
function random(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
}

/** A number that nobody had before. */
function nextNumber(): string {
  numbers += 1;
  return `+447${String(numbers).padStart(9, "0")}`;
}
