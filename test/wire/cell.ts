import { type DescMethodUnary, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import type { AggregateType, HistoryEvent } from "../../src/app/store-port.ts";
import type { Answer, Protocol } from "../support/wire-protocols.ts";
import type { World } from "../support/wire-world.ts";
import type { EventType, Outcome, Scenario, Situation } from "./scenarios/scenario.ts";

/** One scenario in one protocol: asserts answer, status, error id and stored effect. */
export async function runCell(world: World, scenario: Scenario, protocol: Protocol): Promise<void> {
  const situation = await scenario.arrange(world);
  const { history } = world;
  const position = await history.position();
  const before = await history.lastOf(situation.subject.id);

  const answer = await situation.act(protocol);

  const isRest = protocol.name === "REST";
  const json = expectAnswer(
    situation,
    answer,
    protocol,
    isRest ? situation.expectedOfRest : situation.expected,
  );
  const events = await history.settledSince(position);
  expectEffect(world, events, scenario.effect, subjectId(situation, json), before);
  if (json !== undefined) expectDetails(world, situation, json["details"], scenario, before);
  await situation.after(json ?? {});
}

/** It may be one that the call makes, with an id that nobody chose. */
function subjectId({ method, subject }: Situation, json: JsonObject | undefined): string {
  const made = method.name === "CreateUser" ? (json?.["id"] ?? idOf(json?.["details"])) : undefined;
  const named = json?.["userId"] ?? json?.["sessionId"] ?? made ?? subject.id;
  return typeof named === "string" ? named : subject.id;
}

function idOf(details: JsonValue | undefined): JsonValue | undefined {
  return typeof details === "object" && details !== null && "id" in details ? details.id : undefined;
}

/** @returns the message, if there is one */
function expectAnswer(
  { method }: Situation,
  { result, httpStatus }: Answer,
  { name: protocolName, hasErrorStatus }: Protocol,
  expected: Outcome,
): JsonObject | undefined {
  if ("error" in result) {
    const { code, message, details } = result.error;
    if (expected.kind === "ok") throw new Error(`refused with ${Code[code]}: ${message}`);
    const { id, says } = expected;
    expect(`${Code[code]} ${details.map((detail) => detail.id).join()}: ${message}`).toContain(
      `${Code[expected.code]} ${id ?? ""}: `,
    );
    expect(message).toContain(says);
    expect(details).toEqual(id === undefined ? [] : [{ id, message: expect.any(String) }]);
    if (id !== undefined) expect(message).toBe(`${details[0]?.message} (${id})`);
    if (httpStatus !== undefined) expect(httpStatus).toBe(hasErrorStatus ? httpStatusOf.get(code) : 200);
    return undefined;
  }
  const json = toJson(method.output, result.message);
  if (expected.kind === "error") throw new Error(`not refused: ${JSON.stringify(json)}`);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error("no message");
  const { details: _, ...others } = json;
  expect(others).toEqual(expected.json);
  const isRest = protocolName === "REST";
  const name = `${method.parent.typeName}/${method.name}`;
  expect(httpStatus ?? 200).toBe(isRest && answeredWith201.has(name) ? 201 : 200);
  return json;
}

/** The methods whose success is 201 over REST. */
const answeredWith201: ReadonlySet<string> = new Set([
  "zitadel.user.v2beta.UserService/AddHumanUser",
  "zitadel.session.v2.SessionService/CreateSession",
  "zitadel.session.v2beta.SessionService/CreateSession",
  "zitadel.resources.user.v3alpha.ZITADELUsers/CreateUser",
]);

/** Of an error in Connect and in REST. */
const httpStatusOf = new Map<number, number>([
  [Code.InvalidArgument, 400],
  [Code.FailedPrecondition, 400],
  [Code.NotFound, 404],
  [Code.AlreadyExists, 409],
  [Code.PermissionDenied, 403],
  [Code.Unauthenticated, 401],
  [Code.ResourceExhausted, 429],
]);

function expectEffect(
  { clock }: World,
  events: readonly HistoryEvent[],
  effect: readonly EventType[],
  id: string,
  before: HistoryEvent | undefined,
): void {
  expect(events).toEqual(effect.map((type) => expect.objectContaining({ type, atMs: clock.nowMs() })));
  const sequence = before?.sequence ?? 0;
  const own = events.filter(({ aggregate }) => aggregate.id === id);
  if (effect.length > 0) expect(own).not.toEqual([]);
  expect(own.map((event) => event.sequence)).toEqual(own.map((_, index) => sequence + index + 1));
  for (const { type, aggregate } of events) expect(type.split(".")[0]).toBe(roots[aggregate.type]);
}

/** What the types of an aggregate's events begin with. */
const roots: Readonly<Record<AggregateType, string>> = {
  user: "user",
  session: "session",
  organization: "settings",
  instance: "settings",
};

/** A change tells the time of its events, a view both dates; neither waits for an SMS to be sent. */
function expectDetails(
  { clock }: World,
  { method, subject }: Situation,
  actual: unknown,
  { effect, details }: Scenario,
  before: HistoryEvent | undefined,
): void {
  const type = method.output.fields.find(({ name }) => name === "details")?.message?.typeName;
  const { organizationId } = subject;
  const own = effect.filter((event) => !event.endsWith(".sent") && isOf(event, method));
  const sequence = (before?.sequence ?? 0) + own.length;
  const created = time(subject.createdMs);
  const changed = time((own.length === 0 ? before?.atMs : clock.nowMs()) ?? 0);
  // A list has details of another kind: its rows look at them themselves.
  if (type === undefined || type.endsWith(".ListDetails")) return;
  if (type === "zitadel.resources.object.v3alpha.Details") {
    const id = before === undefined ? expect.any(String) : subject.id;
    const owner = { type: "OWNER_TYPE_ORG", id: organizationId };
    expect(actual).toEqual({ id, created, changed, owner });
    return;
  }
  if (details === "built-in") {
    expect(actual).toEqual({ resourceOwner: "instance" });
    return;
  }
  expect(actual).toEqual({
    sequence: String(sequence),
    resourceOwner: organizationId,
    ...(details === "add" ? { creationDate: changed } : { changeDate: changed }),
    ...(details === "view" ? { creationDate: created } : {}),
  });
}

/** One call may change a session and its user; its answer tells of the one that its service is about. */
function isOf(event: EventType, { parent }: DescMethodUnary): boolean {
  return parent.name === "SessionService" ? event.startsWith("session.") : !event.startsWith("session.");
}

function time(ms: number): unknown {
  return toJson(TimestampSchema, timestampFromMs(ms));
}
