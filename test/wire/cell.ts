import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import type { HistoryEvent } from "../../src/app/ports.ts";
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
  if (json !== undefined) expectDetails(world, situation, json["details"], scenario.effect, before);
  await situation.after(json ?? {});
}

/** The user may be one whom the call makes, with an id that nobody chose. */
function subjectId({ subject }: Situation, json: JsonObject | undefined): string {
  return typeof json?.["userId"] === "string" ? json["userId"] : subject.id;
}

/** @returns the message, if there is one */
function expectAnswer(
  { method }: Situation,
  { result, httpStatus }: Answer,
  { hasErrorStatus }: Protocol,
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
  expect(httpStatus ?? 200).toBe(200);
  return json;
}

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
  const sequence = before?.sequence ?? 0;
  expect(events).toEqual(
    effect.map((type, index) =>
      expect.objectContaining({
        type,
        aggregate: { type: "user", id },
        sequence: sequence + index + 1,
        atMs: clock.nowMs(),
      }),
    ),
  );
}

/** A change tells the time of its events, a view both dates; neither waits for an SMS to be sent. */
function expectDetails(
  { clock }: World,
  { method, subject }: Situation,
  actual: unknown,
  effect: readonly EventType[],
  before: HistoryEvent | undefined,
): void {
  const type = method.output.fields.find(({ name }) => name === "details")?.message?.typeName;
  const { organizationId } = subject;
  const isView = effect.length === 0 || effect[0] === "user.human.added";
  const changedMs = effect.length === 0 ? before?.atMs : clock.nowMs();
  const sequence = (before?.sequence ?? 0) + effect.filter((event) => !event.endsWith(".sent")).length;
  const created = time(subject.createdMs);
  const changed = time(changedMs ?? 0);
  switch (type) {
    case undefined:
      return;
    case "zitadel.resources.object.v3alpha.Details":
      expect(actual).toEqual({
        id: subject.id,
        created,
        changed,
        owner: { type: "OWNER_TYPE_ORG", id: organizationId },
      });
      return;
    default:
      expect(actual).toEqual({
        sequence: String(sequence),
        changeDate: changed,
        resourceOwner: organizationId,
        ...(isView ? { creationDate: created } : {}),
      });
  }
}

function time(ms: number): unknown {
  return toJson(TimestampSchema, timestampFromMs(ms));
}
