import { isDeepStrictEqual } from "node:util";
import type { MessageRecord } from "../../src/app/outbox-port.ts";
import type { HistoryEvent, StoredState } from "../../src/app/store-port.ts";
import { evolveSession, type SessionEvent, type SessionState } from "../../src/domain/session-state.ts";
import type { UserEvent } from "../../src/domain/user-events.ts";
import { evolveUser, type UserState } from "../../src/domain/user-state.ts";
import { type Call, type CallKind, type Done, wrongCodeIds } from "./crash-history.ts";
import type { Delivery } from "./crash-receiver.ts";
import { checkRepeats } from "./crash-repeats.ts";
import { codeAdded, isFollower, Timeline } from "./crash-timeline.ts";

/** What callers were told, what the store holds, and what was received. */
export interface Evidence {
  readonly calls: readonly Call[];
  /** All of them, as the store gives them. */
  readonly events: readonly HistoryEvent[];
  /** State rows by the id of their aggregate. */
  readonly rows: ReadonlyMap<string, StoredState>;
  /** Ids of users by the name that leads to them. */
  readonly names: ReadonlyMap<string, string>;
  /** What is known of the messages, by id. */
  readonly messages: ReadonlyMap<string, Pick<MessageRecord, "state" | "reason">>;
  /** What the receiver took, by idempotency key. */
  readonly taken: ReadonlyMap<string, Delivery>;
  readonly messagesMayWait: boolean;
  /** Whether a message may be given up because it may have been sent; none may if it is left out. */
  readonly mayBeGivenUp?: boolean;
}

/** What a call of a kind writes: an event that tells of it, and as many after that. */
const traces: Readonly<Partial<Record<CallKind, Trace>>> = {
  "add user": { type: "user.human.added", followers: 1 },
  enroll: { type: "user.human.mfa.otp.sms.added", followers: 0 },
  "set phone": { type: "user.human.phone.changed", followers: 1 },
  "resend code": { type: "user.human.phone.code.added", followers: 0 },
  "verify phone": {
    type: "user.human.phone.verified",
    followers: 0,
    failed: "user.human.phone.verification.failed",
  },
  "remove phone": { type: "user.human.phone.removed", followers: 0 },
  "open session": { type: "session.added", followers: 3 },
  "check session": {
    type: "session.otp.sms.checked",
    followers: 1,
    failed: "session.otp.sms.check.failed",
  },
};

interface Trace {
  readonly type: string;
  readonly followers: number;
  /** What a wrong code writes. */
  readonly failed?: string;
}

const tracedTypes = new Set(Object.values(traces).flatMap(({ type, failed = type }) => [type, failed]));

/** Holds everything against everything else. @returns what does not fit; nothing if all is well */
export function findDefects(evidence: Evidence): readonly string[] {
  const timelines = timelinesOf(evidence);
  const disorder = checkOrder(evidence.events, timelines);
  // Nothing can be told of events that are out of order.
  if (disorder.length > 0) return disorder;
  return [
    ...checkRows(evidence, timelines),
    ...[...timelines.values()].flatMap(({ complaints }) => complaints),
    ...checkCalls(evidence, timelines),
    ...checkRepeats(evidence.calls),
    ...checkSessionChecks(timelines),
    ...checkMessages(evidence, timelines),
  ];
}

type Timelines = ReadonlyMap<string, Timeline>;

function timelinesOf({ calls, events }: Evidence): Timelines {
  const callsById = Map.groupBy(calls, aggregateIdOf);
  const eventsById = Map.groupBy(events, ({ aggregate }) => aggregate.id);
  const ids = new Set([...eventsById.keys(), ...callsById.keys()].filter((id) => id !== undefined));
  return new Map(
    [...ids].map((id) => [id, new Timeline(id, eventsById.get(id) ?? [], callsById.get(id) ?? [])]),
  );
}

/** @returns undefined for a session that was opened without anybody being told */
function aggregateIdOf({ kind, userId, sessionId, answer }: Call): string | undefined {
  if (kind === "open session") return answer.kind === "done" ? answer.sessionId : undefined;
  return sessionId ?? userId;
}

// -------------------------------------------------------------------------------- what the store holds

function checkOrder(events: readonly HistoryEvent[], timelines: Timelines): string[] {
  const positions = events.map(({ position }) => position);
  const isGrowing = positions.every((position, index) => position > (positions[index - 1] ?? -1));
  const gaps = [...timelines.values()]
    .filter(({ events: own }) => own.some(({ sequence }, index) => sequence !== index + 1))
    .map(({ id, events: own }) => `${id}: a gap in ${own.map(({ sequence }) => sequence)}`);
  return [...(isGrowing ? [] : ["the positions of the events do not always grow"]), ...gaps];
}

function checkRows({ rows, names }: Evidence, timelines: Timelines): string[] {
  const complaints: string[] = [];
  for (const { id, events } of timelines.values()) {
    const type = events[0]?.aggregate.type;
    if (type !== "user" && type !== "session") continue;
    const state = type === "user" ? foldUser(id, events) : foldSession(id, events);
    if (!isDeepStrictEqual(rows.get(id), { sequence: events.length, state })) {
      complaints.push(`${id}: the state is not the fold of its ${events.length} events`);
    }
    if (state !== undefined && "userName" in state && names.get(state.userName) !== id) {
      complaints.push(`${id}: its name does not lead to it`);
    }
  }
  return complaints;
}

function foldUser(id: string, events: readonly HistoryEvent[]): UserState | undefined {
  return events.reduce<UserState | undefined>(
    // The store gives back what was committed for a user.
    (user, { type, data, atMs }) => evolveUser(user, { type, data } as UserEvent, id, atMs),
    undefined,
  );
}

function foldSession(id: string, events: readonly HistoryEvent[]): SessionState | undefined {
  return events.reduce<SessionState | undefined>(
    // The store gives back what was committed for a session.
    (session, { type, data, atMs }) => evolveSession(session, { type, data } as SessionEvent, id, atMs),
    undefined,
  );
}

/** What is checked in a session is written to its user, too: both or neither. */
function checkSessionChecks(timelines: Timelines): string[] {
  const inSessions: Record<string, string> = {
    "session.otp.sms.checked": "user.human.mfa.otp.sms.check.succeeded",
    "session.otp.sms.check.failed": "user.human.mfa.otp.sms.check.failed",
  };
  const ofUsers = new Set(Object.values(inSessions));
  const wanted: string[] = [];
  const found: string[] = [];
  for (const timeline of timelines.values()) {
    for (const { type, atMs } of timeline.events) {
      const type2 = inSessions[type];
      if (type2 !== undefined) wanted.push(`${userIdOf(timeline)}: ${type2} at ${atMs}`);
      if (ofUsers.has(type)) found.push(`${timeline.id}: ${type} at ${atMs}`);
    }
  }
  return isDeepStrictEqual(wanted.toSorted(), found.toSorted())
    ? []
    : ["the checks of sessions are not those that their users have"];
}

/** @returns the user of a session, once it was checked */
function userIdOf({ events }: Timeline): string | undefined {
  const data = events.find(({ type }) => type === "session.user.checked")?.data;
  return data !== undefined && "userId" in data ? String(data.userId) : undefined;
}

// ------------------------------------------------------------------------------ what callers were told

function checkCalls(evidence: Evidence, timelines: Timelines): string[] {
  const codes = knownCodes(evidence, timelines);
  const claimed = new Map<HistoryEvent, Call>();
  const complaints: string[] = [];
  for (const call of evidence.calls) {
    const id = aggregateIdOf(call);
    const timeline = id === undefined ? undefined : timelines.get(id);
    if (timeline === undefined) continue; // nobody was told anything
    const problem =
      call.answer.kind === "done"
        ? problemOfDone(call, timeline, claimed, codes)
        : problemOfRefusal(call, timeline, codes);
    if (problem !== undefined) complaints.push(`${describe(call)}: ${problem}`);
  }
  return [...complaints, ...checkUnclaimed(evidence, timelines, claimed)];
}

function problemOfDone(
  call: Call,
  timeline: Timeline,
  claimed: Map<HistoryEvent, Call>,
  codes: Codes,
): string | undefined {
  const { answer, kind } = call;
  if (answer.kind !== "done") return undefined;
  const { least, most } = timeline.seenBy(call);
  const { sequence } = answer;
  // What is repeated gets the answer of the first time.
  if (sequence < least && call.idempotencyKey === undefined)
    return `tells of ${sequence} events, though ${least} were told of before it began`;
  if (sequence > most) return `tells of ${sequence} events, and there were ${most}`;
  const trace = traces[kind];
  if (trace === undefined) return problemOfRead(answer, timeline, call.sessionId !== undefined);
  const event = timeline.event(sequence - trace.followers);
  const isThere =
    event?.type === trace.type &&
    (call.phone === undefined || ("phone" in event.data && event.data.phone === call.phone));
  if (!isThere) return `was acknowledged, and is not there as event ${sequence}`;
  const other = claimed.get(event);
  const isRepeated = call.idempotencyKey !== undefined && call.idempotencyKey === other?.idempotencyKey;
  if (other !== undefined && !isRepeated)
    return `was acknowledged as event ${sequence}, as was ${describe(other)}`;
  claimed.set(event, call);
  if (call.code === undefined) return undefined;
  const pending = timeline.pendingAfter(event.sequence - 1);
  const isRight = pending !== undefined && codes.get(call.userId + call.code)?.has(pending.challengeId);
  return isRight ? undefined : "a code was accepted that is not the one that was pending";
}

function problemOfRead(answer: Done, timeline: Timeline, isOfSession: boolean): string | undefined {
  const { sequence, phone, isVerified } = answer;
  const seen = timeline.events.slice(0, sequence);
  const number = isOfSession ? undefined : foldUser(timeline.id, seen)?.phone;
  const isSo = isOfSession
    ? isVerified === (foldSession(timeline.id, seen)?.otpSmsCheckedMs !== undefined)
    : phone === (number?.number ?? "") && isVerified === (number?.isVerified ?? false);
  return isSo ? undefined : `shows what was not so after ${sequence} events`;
}

function problemOfRefusal(call: Call, timeline: Timeline, codes: Codes): string | undefined {
  const { answer, kind, userId, code } = call;
  if (answer.kind !== "refused" || answer.id !== wrongCodeIds[kind] || code === undefined) return undefined;
  const challenges = codes.get(userId + code);
  if (challenges === undefined) return undefined;
  const mayBeWrong = timeline.mayHaveSeen(
    call,
    (pending) => pending === undefined || pending.triesLeft === 0 || !challenges.has(pending.challengeId),
  );
  return mayBeWrong ? undefined : "the right code was refused";
}

/** Ids of the challenges that have a code, by user id and code: of those codes that anybody was told. */
type Codes = ReadonlyMap<string, ReadonlySet<string>>;

function knownCodes({ calls, taken }: Evidence, timelines: Timelines): Codes {
  const codes = new Map<string, Set<string>>();
  const learn = (userId: string, code: string, challengeId: string): void => {
    const challenges = codes.get(userId + code) ?? new Set();
    codes.set(userId + code, challenges.add(challengeId));
  };
  for (const timeline of timelines.values()) {
    for (const { aggregate, type, data } of timeline.events) {
      if (!codeTypes.has(type)) continue;
      const delivery = taken.get(codeAdded(data).challengeId);
      const userId = aggregate.type === "user" ? aggregate.id : userIdOf(timeline);
      if (delivery !== undefined && userId !== undefined) learn(userId, delivery.code, delivery.key);
    }
  }
  for (const call of calls) {
    const { answer, kind, userId } = call;
    if (answer.kind !== "done" || answer.code === undefined) continue;
    // A session gets its token after the challenge.
    const sequence = answer.sequence - (kind === "open session" ? 1 : 0);
    const event = timelines.get(aggregateIdOf(call) ?? "")?.event(sequence);
    if (event === undefined || !codeTypes.has(event.type)) continue;
    learn(userId, answer.code, codeAdded(event.data).challengeId);
  }
  return codes;
}

const codeTypes = new Set(["user.human.phone.code.added", "session.otp.sms.challenged"]);

/**
 * Every event that no acknowledged call has written is that of a wrong code, or of a call without an answer; and every
 * code that was refused as wrong was counted, unless it may have been dead. Where one assignment of events to calls
 * leaves no event out, and one leaves none of those calls out, there is one that does both (Mendelsohn and Dulmage,
 * 1958).
 */
function checkUnclaimed(
  { calls, events }: Evidence,
  timelines: Timelines,
  claimed: ReadonlyMap<HistoryEvent, Call>,
): string[] {
  const open = calls.flatMap(tracesOf);
  const counted = open.filter(({ call, isCounted }) => {
    const timeline = timelines.get(aggregateIdOf(call) ?? "");
    return isCounted && timeline?.mayHaveSeen(call, (pending) => pending?.triesLeft === 0) !== true;
  });
  const unclaimed = events
    .filter((event) => tracedTypes.has(event.type) && !claimed.has(event))
    .filter((event) => !isFollower(timelines.get(event.aggregate.id)?.events ?? [], event))
    .toSorted((a, b) => a.atMs - b.atMs);
  return [
    ...assign(unclaimed, open, timelines).events.map(
      ({ aggregate, sequence, type }) => `${aggregate.id}: event ${sequence}, ${type}: nobody asked for it`,
    ),
    ...assign(unclaimed, counted, timelines).traces.map(
      ({ call }) => `${describe(call)}: a wrong code that was not counted`,
    ),
  ];
}

/**
 * Gives as many events as possible to calls, one to each.
 *
 * @param events in the order of time
 * @returns those that are left
 */
function assign(
  events: readonly HistoryEvent[],
  openTraces: readonly OpenTrace[],
  timelines: Timelines,
): { readonly events: readonly HistoryEvent[]; readonly traces: readonly OpenTrace[] } {
  const open = Map.groupBy(openTraces, ({ key }) => key);
  const left: HistoryEvent[] = [];
  for (const event of events) {
    const { aggregate, type, atMs, data } = event;
    const timeline = timelines.get(aggregate.id);
    const owner = type === "session.added" && timeline !== undefined ? userIdOf(timeline) : aggregate.id;
    const key = `${owner} ${type}`;
    const candidates = open.get(key) ?? [];
    const fitting = candidates.filter(
      ({ call, latestMs }) =>
        call.startMs <= atMs &&
        atMs <= latestMs &&
        (call.phone === undefined || ("phone" in data && data.phone === call.phone)),
    );
    // Whoever has the least time left goes first: so as many as possible find theirs.
    const [first] = fitting.toSorted((a, b) => a.latestMs - b.latestMs);
    if (first === undefined) left.push(event);
    else
      open.set(
        key,
        candidates.filter((each) => each !== first),
      );
  }
  return { events: left, traces: [...open.values()].flat() };
}

/** What a call that was not acknowledged has written, or may have. */
interface OpenTrace {
  readonly call: Call;
  /** The owner and the type of the event. */
  readonly key: string;
  readonly latestMs: number;
  /** Whether it is written unless the code was dead. */
  readonly isCounted: boolean;
}

function tracesOf(call: Call): readonly OpenTrace[] {
  const { kind, userId, sessionId, answer, endMs } = call;
  const trace = traces[kind];
  if (trace === undefined) return [];
  const { type, failed } = trace;
  const owner = sessionId ?? userId;
  if (answer.kind === "refused" && answer.id === wrongCodeIds[kind]) {
    return [{ call, key: `${owner} ${failed}`, latestMs: endMs, isCounted: true }];
  }
  if (answer.kind !== "unknown") return [];
  const types = failed === undefined ? [type] : [type, failed];
  return types.map((each) => ({ call, key: `${owner} ${each}`, latestMs: Infinity, isCounted: false }));
}

function describe({ caller, kind, userId, sessionId, startMs, endMs, replica }: Call): string {
  return `${caller}: ${kind} of ${sessionId ?? userId} at ${replica}, ${startMs} to ${endMs}`;
}

// --------------------------------------------------------------------------------- what was received

function checkMessages(
  { events, messages, taken, messagesMayWait, mayBeGivenUp = false }: Evidence,
  timelines: Timelines,
): string[] {
  const complaints: string[] = [];
  const recorded = new Map<string, number>();
  for (const { type, data } of events) {
    if (type !== "user.human.phone.code.sent" && type !== "session.otp.sms.sent") continue;
    const id = "challengeId" in data ? String(data.challengeId) : "";
    recorded.set(id, (recorded.get(id) ?? 0) + 1);
  }
  const asked = new Set<string>();
  for (const { aggregate, type, data } of events) {
    if (!codeTypes.has(type)) continue;
    const { challengeId: id, returned } = codeAdded(data);
    if (returned) continue;
    asked.add(id);
    const message = messages.get(id);
    const timeline = timelines.get(aggregate.id);
    const isAwaited = timeline?.pendingAfter(timeline.events.length)?.challengeId === id;
    const isSent = message?.state === "sent" || message?.state === "delivered";
    const fits =
      message !== undefined &&
      (recorded.get(id) ?? 0) === (isSent ? 1 : 0) &&
      (!isSent || taken.has(id)) &&
      (message.state !== "skipped" || !isAwaited) &&
      (message.state !== "queued" || messagesMayWait) &&
      (message.state !== "dead" || (mayBeGivenUp && message.reason.startsWith("it may have been sent"))) &&
      message.state !== "undelivered";
    if (fits) continue;
    const facts = { ...message, recorded: recorded.get(id) ?? 0, taken: taken.has(id), isAwaited };
    complaints.push(`${aggregate.id}: message ${id}: ${JSON.stringify(facts)}`);
  }
  for (const id of [...messages.keys(), ...taken.keys(), ...recorded.keys()]) {
    if (!asked.has(id)) complaints.push(`message ${id}: nobody asked for it`);
  }
  return complaints;
}
