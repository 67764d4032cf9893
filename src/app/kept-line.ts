import { channels } from "../domain/channel.ts";
import { smsEncodings } from "../domain/sms-segments.ts";
import { type Attempt, messageStates } from "./outbox-port.ts";
import { aggregateTypes, type Kept, type KeptItem, type KeptKind, keptKinds } from "./store-port.ts";
import { codePurposes } from "../domain/codes.ts";

/** What a store keeps, as lines of JSON: one object each, `{"<kind>": {…}}`. */

/**
 * Fields are sorted, so that what is equal is written equally, whichever store it comes from. The data of an event
 * stays as it was stored, down to its last byte.
 */
export function encodeLine(line: object): string {
  return JSON.stringify(sorted(line));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, name === "data" ? each : sorted(each)]));
}

export function encodeItem({ kind, value }: KeptItem): string {
  return encodeLine({ [kind]: value });
}

/**
 * @param line parsed
 * @returns undefined if it is of no known kind
 * @throws Error if it is of one, and a field is missing, wrong or not known
 */
export function decodeItem(line: unknown): KeptItem | undefined {
  if (!isObject(line)) return undefined;
  const kind = keptKinds.find((each) => Object.hasOwn(line, each));
  if (kind === undefined) return undefined;
  object<Readonly<Record<string, unknown>>>({ [kind]: checks[kind] })(line, "the line");
  return { kind, value: line[kind] } as KeptItem; // checked, field by field, against tables that have them all
}

/** @throws Error that begins with `name` if the value is not as it must be */
type Check = (value: unknown, name: string) => void;

function check(must: string, isRight: (value: unknown) => boolean): Check {
  return (value, name) => {
    if (!isRight(value)) throw new Error(`${name} is ${value === undefined ? "missing" : `no ${must}`}`);
  };
}

/** Exactly these fields: what is not known would be lost. */
function object<T>(fields: { readonly [F in keyof Required<T>]: Check }): Check {
  return (value, name) => {
    if (!isObject(value)) throw new Error(`${name} is ${value === undefined ? "missing" : "no object"}`);
    for (const field of Object.keys(value)) {
      if (!Object.hasOwn(fields, field)) throw new Error(`${name} has the unknown field ${field}`);
    }
    for (const [field, fieldCheck] of Object.entries<Check>(fields)) fieldCheck(value[field], field);
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const text = check("text", (value) => typeof value === "string");
const integer = check("whole number", Number.isSafeInteger);
const integerOrNull = check("whole number or null", (value) => value === null || Number.isSafeInteger(value));
const anyObject = check("object", isObject);

function oneOf(words: readonly string[]): Check {
  return check(`"${words.join('", "')}"`, (value) => words.some((word) => word === value));
}

function optional(inner: Check): Check {
  return (value, name) => void (value === undefined || inner(value, name));
}

function list(inner: Check): Check {
  return (value, name) => {
    if (!Array.isArray(value)) throw new Error(`${name} is no list`);
    for (const each of value) inner(each, name);
  };
}

const attempt = object<Attempt>({
  providerId: text,
  startedMs: integer,
  outcome: optional(oneOf(["sent", "retry", "unknown", "rejected"] satisfies Attempt["outcome"][])),
  endedMs: optional(integer),
  reason: optional(text),
  retryAfterMs: optional(integer),
});

const checks: Readonly<Record<KeptKind, Check>> = {
  event: object<Kept["event"]>({
    position: integer,
    aggregate: object<Kept["event"]["aggregate"]>({ type: oneOf(aggregateTypes), id: text }),
    sequence: integer,
    atMs: integer,
    type: text,
    data: anyObject,
  }),
  message: object<Kept["message"]>({
    number: integer,
    id: text,
    userId: text,
    sessionId: optional(text),
    purpose: oneOf(codePurposes),
    recipient: text,
    channel: optional(oneOf(channels)),
    createdMs: integer,
    expiresMs: integerOrNull,
    state: oneOf(messageStates),
    reason: text,
    attempts: list(attempt),
    providerId: optional(text),
    providerMessageId: optional(text),
    encoding: optional(oneOf(smsEncodings)),
    segments: optional(integer),
    settledMs: optional(integer),
    receiptMs: optional(integer),
    waiting: optional(
      object<Required<Kept["message"]>["waiting"]>({ sealed: text, dueMs: integer, attempt: integer }),
    ),
  }),
  inboxMessage: object<Kept["inboxMessage"]>({
    id: integer,
    messageId: text,
    userId: text,
    purpose: oneOf(codePurposes),
    recipient: text,
    text,
    code: text,
    createdMs: integer,
    expiresMs: integerOrNull,
  }),
  answer: object<Kept["answer"]>({ key: text, sealed: text, expiresMs: integer }),
};
