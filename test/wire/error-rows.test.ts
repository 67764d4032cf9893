import { describe, expect, it } from "@jest/globals";
import { type ErrorRow, errorRows } from "./error-rows.ts";
import { notReachable } from "./not-reachable.ts";
import { scenarios, settingsScenarios } from "./scenarios.ts";
import { invalid, type Refusal } from "./scenarios/scenario.ts";

/**
 * Every row of upstream's error tables has a scenario for each method that it names. They are run in every protocol
 * with all the others: by profile.ts and settings.test.ts.
 */

interface Refused {
  readonly name: string;
  readonly refusal: Refusal;
}

/** By method, as the names of the scenarios begin. */
const refused: ReadonlyMap<string, readonly Refused[]> = Map.groupBy(
  [...scenarios, ...settingsScenarios].flatMap(({ name, notOverRest, refusal }) =>
    refusal === undefined || notOverRest ? [] : [{ name, refusal }],
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
  for (const rpc of row.rpcs) {
    it(`${rpc} has a scenario`, () => expect(casesOf(rpc, row)).not.toEqual([]));
  }
});

describe.each(unreachable)("$key: $id, which is not reachable: $reason", (row) => {
  const { rpcs, limits } = row;
  it("is not reached", () => {
    const reached = (rpcs.length === 0 ? [...refused.keys()] : rpcs).flatMap((rpc) => casesOf(rpc, row));
    expect(reached.map(({ name }) => `is reachable after all: ${name}`)).toEqual([]);
  });
  if (limits === undefined) return;
  for (const rpc of rpcs) {
    it(`${rpc} has a scenario of the limit`, () => expect(casesOfLimits(rpc, limits)).not.toEqual([]));
  }
});
