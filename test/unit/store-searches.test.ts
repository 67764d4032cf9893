import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../../src/app/store-port.ts";
import { Deadline, withDeadline } from "../../src/lib/deadline.ts";
import { createLog } from "../../src/lib/log.ts";
import { Searches } from "../../src/store/sqlite/searches.ts";

/** Finds as many as the limits of all searches before it and of its own; one with the limit 0 ends the thread. */
const program = `
  const { parentPort } = require("node:worker_threads");
  let total = 0;
  parentPort.on("message", (request) => {
    const { records } = request;
    if (request === "close" || records.limit === 0) process.exit();
    total += records.limit;
    parentPort.postMessage(records.limit === 13 ? { failure: "disk I/O error" } : { records: { ids: [], total } });
  });`;

let lines: string[];
let searches: Searches;

beforeEach(() => {
  lines = [];
  const log = createLog("info", (line) => lines.push(JSON.parse(line).message));
  searches = new Searches(() => new Worker(program, { eval: true }), log);
});
afterEach(() => searches.end());

async function ask(limit: number): Promise<number> {
  const sql = { text: "", parameters: [] };
  return (await searches.records({ page: sql, total: sql, offset: 0, limit })).total;
}

it("one after the other is made, in the order in which they are asked for", async () => {
  expect(await Promise.all([ask(5), ask(1), ask(2)])).toEqual([5, 6, 8]);
});

it("one whose thread dies is refused, and the next one has a new thread", async () => {
  const asked = [ask(5), ask(0), ask(7)];
  await expect(asked[1]).rejects.toThrow(StoreUnavailableError);
  expect(await Promise.all([asked[0], asked[2]])).toEqual([5, 7]);
  expect(lines).toEqual(["the thread that searches the database ended"]);
});

it("one that fails is told why, and takes no other with it", async () => {
  const asked = [ask(13), ask(2)];
  await expect(asked[0]).rejects.toThrow("disk I/O error");
  expect(await asked[1]).toBe(15);
});

it("one that nobody waits for any more is not made", async () => {
  const late = withDeadline(new Deadline(0), () => ask(5));
  await expect(late).rejects.toThrow("the time of the call was up");
  expect(await ask(2)).toBe(2);
});

it("no more than a thousand wait", async () => {
  const asked = Array.from({ length: 1_000 }, () => ask(1));
  await expect(ask(1)).rejects.toThrow("the store is busy: 1000 searches are waiting");
  await Promise.all(asked);
  expect(await ask(1)).toBe(1_001);
});

it("the end waits for those that were asked for, and lets none in after it", async () => {
  const answers: number[] = [];
  for (const limit of [5, 2]) void ask(limit).then((total) => answers.push(total));
  const ended = searches.end();
  await expect(ask(1)).rejects.toThrow("the store is closed");
  await ended;
  expect(answers).toEqual([5, 7]);
  expect(lines).toEqual([]);
});
