import { afterAll, describe, expect, it } from "@jest/globals";
import { type Protocol, protocols } from "../support/wire-protocols.ts";
import { openWorld, type World } from "../support/wire-world.ts";
import { runCell } from "./cell.ts";
import { type ErrorRow, errorRows } from "./error-rows.ts";
import { notReachable } from "./not-reachable.ts";
import { scenarios, settingsScenarios } from "./scenarios.ts";
import { invalid, type Refusal, type Scenario } from "./scenarios/scenario.ts";

/** Every row of upstream's error tables is a case for each method that it names, over gRPC and REST. */

interface Place {
  readonly world: World;
  readonly ways: readonly Protocol[];
}

async function openPlace(profile: World["profile"]): Promise<Place> {
  const world = await openWorld(profile);
  const ways = protocols(world.url).filter(({ name }) => name === "gRPC" || name === "REST");
  afterAll(async () => {
    for (const protocol of ways) protocol.close();
    await world.close();
  });
  return { world, ways };
}

/** Scenarios, with the worlds for them: those about settings of the instance have worlds of their own. */
const sources = [
  { scenarios, safe: await openPlace("safe"), zitadel: await openPlace("zitadel") },
  { scenarios: settingsScenarios, safe: await openPlace("safe"), zitadel: await openPlace("zitadel") },
];

interface Refused {
  readonly name: string;
  readonly scenario: Scenario;
  readonly refusal: Refusal;
  readonly place: Place;
}

/** By method, as the names of the scenarios begin. */
const refused: ReadonlyMap<string, readonly Refused[]> = Map.groupBy(
  sources.flatMap((source) =>
    source.scenarios.flatMap((scenario) => {
      const { name, profiles, notOverRest, refusal } = scenario;
      const place = profiles.includes("safe") ? source.safe : source.zitadel;
      return refusal === undefined || notOverRest ? [] : [{ name, scenario, refusal, place }];
    }),
  ),
  ({ name }) => name.slice(0, name.indexOf(": ")),
);

/** The scenarios about a method that bring about a row. */
function casesOf(rpc: string, { code, id }: ErrorRow): readonly Refused[] {
  const all = refused.get(rpc) ?? [];
  return all.filter(({ refusal }) => refusal.id === id && (code === undefined || refusal.code === code));
}

/** The scenarios about a method where the limit of one of these fields refuses. */
function casesOfLimits(rpc: string, fields: readonly string[]): readonly Refused[] {
  const request = `${rpc.slice(rpc.indexOf(" ") + 1)}Request`;
  const limits = new Set(fields.map((field) => invalid(`${request}.${field}`).says));
  return (refused.get(rpc) ?? []).filter(({ refusal }) => limits.has(refusal.says));
}

const ran = new Map<string, number>();

function describeCases(rpc: string, cases: readonly Refused[]): void {
  it(`${rpc} has a scenario`, () => expect(cases.length).toBeGreaterThan(0));
  for (const { name, scenario, place } of cases) {
    it.each(place.ways)(`${name}, over $name`, async (way) => {
      await runCell(place.world, scenario, way);
      ran.set(way.name, (ran.get(way.name) ?? 0) + 1);
    });
  }
}

const exceptions = new Map(
  notReachable.flatMap((exception) => exception.rows.map((key) => [key, exception])),
);
const reachable = errorRows.filter(({ key }) => !exceptions.has(key));
const unreachable = errorRows.flatMap((row) => {
  const exception = exceptions.get(row.key);
  return exception === undefined ? [] : [{ ...row, ...exception }];
});

it("names each row once", () => {
  const keys = errorRows.map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)]);
});

it("excepts rows that there are, each once", () => {
  const excepted = notReachable.flatMap(({ rows }) => rows);
  expect(excepted.toSorted()).toEqual(unreachable.map(({ key }) => key).toSorted());
});

describe.each(reachable)("$key: $id", (row) => {
  it("names a code and a method", () => {
    expect(row.code).toBeDefined();
    expect(row.rpcs).not.toEqual([]);
  });
  for (const rpc of row.rpcs) describeCases(rpc, casesOf(rpc, row));
});

describe.each(unreachable)("$key: $id, which is not reachable: $reason", (row) => {
  const { rpcs, limits } = row;
  it("is not reached", () => {
    const reached = (rpcs.length === 0 ? [...refused.keys()] : rpcs).flatMap((rpc) => casesOf(rpc, row));
    expect(reached.map(({ name }) => `is reachable after all: ${name}`)).toEqual([]);
  });
  if (limits !== undefined) for (const rpc of rpcs) describeCases(rpc, casesOfLimits(rpc, limits));
});

afterAll(() => {
  const limited = unreachable.filter(({ limits }) => limits !== undefined);
  const counts = [...ran].map(([way, count]) => `${count} cases over ${way}`);
  console.log(
    [
      `test/wire, error rows: ${errorRows.length} rows`,
      `  ${reachable.length} of them reached`,
      `  ${unreachable.length} not reachable, ${limited.length} of them because a limit of the contract refuses first`,
      `  ${counts.join(", ")}`,
    ].join("\n"),
  );
});
