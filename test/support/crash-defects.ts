import type { HistoryEvent } from "../../src/app/store-port.ts";
import type { Evidence } from "./crash-checker.ts";
import { type Call, type Done, unavailableId, wrongCodeIds } from "./crash-history.ts";

/** What a store, a replica or a courier may do wrong: put into the evidence of a run without defects. */
export interface Defect {
  readonly name: string;
  /** How the checker must complain. */
  readonly complaint: RegExp;
  /** @returns undefined if there is nothing in the evidence that this could have happened to */
  inject(evidence: Evidence): Evidence | undefined;
}

type DoneCall = Call & { readonly answer: Done };

export const defects: readonly Defect[] = [
  {
    name: "an acknowledged write is lost",
    complaint: /was acknowledged, and is not there|tells of \d+ events, and there were/,
    inject(evidence) {
      const call = doneCall(evidence, "set phone");
      return call && withoutEvents(evidence, call.userId, call.answer.sequence - 1);
    },
  },
  {
    name: "a write is acknowledged twice",
    complaint: /was acknowledged as event \d+, as was/,
    inject(evidence) {
      const call = doneCall(evidence, "remove phone");
      return call && { ...evidence, calls: [...evidence.calls, { ...call, caller: "another caller" }] };
    },
  },
  {
    name: "a call that is repeated with its key is carried out twice",
    complaint: /was carried out again when it was repeated/,
    inject(evidence) {
      const call = evidence.calls.filter(isDone).find(({ idempotencyKey }) => idempotencyKey !== undefined);
      if (call === undefined) return undefined;
      const again = { ...call, answer: { ...call.answer, code: "another code" } };
      return { ...evidence, calls: [...evidence.calls, again] };
    },
  },
  {
    name: "a write that was refused is there",
    complaint: /nobody asked for it/,
    inject(evidence) {
      const call = doneCall(evidence, "set phone");
      return call && withAnswer(evidence, call, { kind: "refused", id: unavailableId });
    },
  },
  {
    name: "a code is accepted twice",
    complaint: /a code was accepted, and none was pending/,
    inject(evidence) {
      const verified = lastEvent(evidence, "user.human.phone.verified");
      return verified && withEvents(evidence, [verified]);
    },
  },
  {
    name: "a wrong code is accepted",
    complaint: /a code was accepted that is not the one that was pending/,
    inject(evidence) {
      const call = doneCall(evidence, "verify phone");
      return call && replaceCall(evidence, call, { ...call, code: "wrong" });
    },
  },
  {
    name: "the right code is refused",
    complaint: /the right code was refused/,
    inject(evidence) {
      const call = doneCall(evidence, "verify phone", (each) =>
        isToldBefore(evidence, each, each.answer.sequence - 1),
      );
      const id = wrongCodeIds["verify phone"];
      if (call === undefined || id === undefined) return undefined;
      // As if its event had never been written.
      const before = withoutEvents(evidence, call.userId, call.answer.sequence);
      return before && withAnswer(before, call, { kind: "refused", id });
    },
  },
  {
    name: "a code takes more tries than its budget",
    complaint: /a try was counted after the last one/,
    inject(evidence) {
      const added = lastEvent(evidence, "user.human.phone.code.added");
      const failed = added && {
        ...added,
        type: "user.human.phone.verification.failed",
        data: {},
      };
      return (
        failed &&
        withEvents(
          evidence,
          Array.from({ length: 6 }, () => failed),
        )
      );
    },
  },
  {
    name: "a try is not counted",
    complaint: /a wrong code that was not counted/,
    inject(evidence) {
      const added = lastEvent(evidence, "user.human.phone.code.added");
      const id = wrongCodeIds["verify phone"];
      const last = evidence.calls.at(-1);
      if (added === undefined || id === undefined || last === undefined) return undefined;
      const { caller, replica, endMs } = last;
      const guess: Call = {
        caller,
        replica,
        kind: "verify phone",
        userId: added.aggregate.id,
        code: "wrong",
        startMs: endMs + 1,
        endMs: endMs + 2,
        answer: { kind: "refused", id },
      };
      return { ...evidence, calls: [...evidence.calls, guess] };
    },
  },
  {
    name: "a read goes back in time",
    complaint: /though \d+ were told of before it began/,
    inject(evidence) {
      const read = doneCall(evidence, "read user", (each) =>
        isToldBefore(evidence, each, each.answer.sequence),
      );
      return read && withAnswer(evidence, read, { ...read.answer, sequence: read.answer.sequence - 1 });
    },
  },
  {
    name: "a list misses a user",
    complaint: /list user .*: tells of 0 events, though \d+ were told of before it began/,
    inject(evidence) {
      const list = doneCall(evidence, "list user", (each) =>
        isToldBefore(evidence, each, each.answer.sequence),
      );
      return list && withAnswer(evidence, list, { ...list.answer, sequence: 0 });
    },
  },
  {
    name: "a read shows what never was",
    complaint: /shows what was not so/,
    inject(evidence) {
      const read = doneCall(evidence, "read user");
      return read && withAnswer(evidence, read, { ...read.answer, phone: "+41790000000" });
    },
  },
  {
    name: "a sequence has a gap",
    complaint: /a gap in/,
    inject(evidence) {
      const added = evidence.events.find(({ type }) => type === "user.human.added");
      return added && { ...evidence, events: evidence.events.filter((each) => each !== added) };
    },
  },
  {
    name: "positions do not grow",
    complaint: /positions of the events do not always grow/,
    inject(evidence) {
      const [first, second, ...rest] = evidence.events;
      return first && second && { ...evidence, events: [second, first, ...rest] };
    },
  },
  {
    name: "a state is not the fold of its events",
    complaint: /the state is not the fold/,
    inject(evidence) {
      const [id, row] = [...evidence.rows].at(-1) ?? [];
      if (id === undefined || row === undefined) return undefined;
      return {
        ...evidence,
        rows: new Map(evidence.rows).set(id, { ...row, state: { ...row.state, more: 1 } }),
      };
    },
  },
  {
    name: "an SMS is not delivered",
    complaint: /"taken":false/,
    inject(evidence) {
      const sent = [...evidence.messages].find(([, { state }]) => state === "sent");
      return sent && { ...evidence, taken: new Map([...evidence.taken].filter(([key]) => key !== sent[0])) };
    },
  },
  {
    name: "an SMS goes out under a second key",
    complaint: /message another key: nobody asked for it/,
    inject(evidence) {
      const [delivery] = evidence.taken.values();
      return delivery && { ...evidence, taken: new Map(evidence.taken).set("another key", delivery) };
    },
  },
];

function doneCall(
  { calls }: Evidence,
  kind: Call["kind"],
  isFit: (call: DoneCall) => boolean = () => true,
): DoneCall | undefined {
  return calls.find((call): call is DoneCall => call.kind === kind && isDone(call) && isFit(call));
}

function isDone(call: Call): call is DoneCall {
  return call.answer.kind === "done";
}

/** Whether somebody was told, before the call began, that its user has this many events. */
function isToldBefore({ calls }: Evidence, { userId, startMs }: Call, sequence: number): boolean {
  return calls.some(
    ({ answer, sessionId = answer.kind === "done" ? answer.sessionId : "", ...told }) =>
      told.userId === userId &&
      sessionId === undefined &&
      told.endMs < startMs &&
      answer.kind === "done" &&
      answer.sequence === sequence,
  );
}

/** The last one of its aggregate, of this type. */
function lastEvent({ events, rows }: Evidence, type: string): HistoryEvent | undefined {
  return events.find(
    (event) => event.type === type && rows.get(event.aggregate.id)?.sequence === event.sequence,
  );
}

function withAnswer(evidence: Evidence, call: Call, answer: Call["answer"]): Evidence {
  return replaceCall(evidence, call, { ...call, answer });
}

function replaceCall(evidence: Evidence, call: Call, other: Call): Evidence {
  return { ...evidence, calls: evidence.calls.map((each) => (each === call ? other : each)) };
}

function withEvents(evidence: Evidence, added: readonly HistoryEvent[]): Evidence {
  const numbered = added.map((event, index) => ({
    ...event,
    position: (evidence.events.at(-1)?.position ?? 0) + index + 1,
    sequence: event.sequence + index + 1,
  }));
  return { ...evidence, events: [...evidence.events, ...numbered] };
}

/** @param from the first sequence of the user that is gone */
function withoutEvents(evidence: Evidence, userId: string, from: number): Evidence {
  const events = evidence.events.filter(
    ({ aggregate, sequence }) => aggregate.id !== userId || sequence < from,
  );
  return { ...evidence, events };
}
