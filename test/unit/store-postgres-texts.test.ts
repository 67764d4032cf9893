import { afterAll, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import pg from "pg";
import { binaryArray, type Cell, type ElementType } from "../../src/store/postgres/binary-array.ts";
import { fromStored, toStored } from "../../src/store/postgres/stored-text.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";

/** Few characters, so that they meet: all that stand for others, and two that do not. */
const texts = fc
  .array(fc.constantFrom("\u0000", "\u0001", "\u0002", "\u0003", "\u0004", "a"), { maxLength: 6 })
  .map((characters) => characters.join(""));

describe("a stored text", () => {
  it("has no U+0000, and gives the text back", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(toStored(text)).not.toContain("\u0000");
        expect(fromStored(toStored(text))).toBe(text);
      }),
    );
  });

  it("begins with, ends with, contains and comes before another just as the text does", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const [storedA, storedB] = [toStored(a), toStored(b)];
        expect(storedA.startsWith(storedB)).toBe(a.startsWith(b));
        expect(storedA.endsWith(storedB)).toBe(a.endsWith(b));
        expect(storedA.includes(storedB)).toBe(a.includes(b));
        expect(storedA < storedB).toBe(a < b);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a binary array", () => {
  afterAll(stopPostgres);

  it("is the array that PostgreSQL reads", async () => {
    const database = await (await startPostgres()).createDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const integers = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-1, 0, 2 ** 31, 2 ** 32, -(2 ** 32)));
    const arrays = fc.oneof<fc.Arbitrary<readonly [ElementType, readonly Cell[]]>[]>(
      fc.tuple(fc.constant("text" as const), fc.array(fc.option(fc.string({ unit: "binary" })))),
      fc.tuple(fc.constant("bigint" as const), fc.array(fc.option(integers))),
      fc.tuple(fc.constant("boolean" as const), fc.array(fc.option(fc.boolean()))),
    );
    await fc.assert(
      fc.asyncProperty(arrays, async ([type, cells]) => {
        const { rows } = await client.query(`SELECT to_json($1::${type}[])::text AS json`, [
          binaryArray(type, cells),
        ]);
        const read: readonly Cell[] = JSON.parse(rows[0].json);
        expect(read.map((cell) => (typeof cell === "string" ? fromStored(cell) : cell))).toEqual(
          cells.map((cell) => (typeof cell === "string" ? cell.toWellFormed() : cell)),
        );
      }),
    );
    await client.end();
    await database.remove();
  });
});
