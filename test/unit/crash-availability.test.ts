import { expect, it } from "@jest/globals";
import { checkAvailability } from "../support/crash-availability.ts";
import { type Answer, type Call, unavailableId } from "../support/crash-history.ts";

const lives = [{ replica: "a", fromMs: 0 }];
const outages = [{ fromMs: 10_000, untilMs: 12_000 }];

function call(startMs: number, endMs: number, answer: Answer): Call {
  return { caller: "Ada", replica: "a", kind: "read user", userId: "one", startMs, endMs, answer };
}

const unavailable: Answer = { kind: "refused", id: unavailableId };
const cut: Answer = { kind: "unknown", reason: "DeadlineExceeded" };

it("a call may be refused while the database is gone, and a little later", () => {
  const calls = [call(10_500, 11_000, unavailable), call(11_500, 12_300, unavailable)];
  expect(checkAvailability(calls, lives, outages, 2_000)).toEqual({
    complaints: [],
    recoveriesMs: [300],
    unavailable: 2,
    longestMs: 800,
  });
});

it.each([
  ["it failed though the database was there", call(5_000, 5_100, unavailable)],
  ["no answer", call(10_500, 11_000, cut)],
  ["the replica does not listen", call(10_500, 10_500, { kind: "unreachable" })],
  ["calls failed until 2500 ms after", call(13_000, 14_500, unavailable)],
])("but not so: %s", (complaint, bad) => {
  const { complaints } = checkAvailability([bad], lives, outages, 2_000);
  expect(complaints).toContainEqual(expect.stringContaining(complaint));
});

it("of a replica that was killed, nothing is asked", () => {
  const killed = [{ replica: "a", fromMs: 0, untilMs: 5_050 }];
  expect(checkAvailability([call(5_000, 5_100, cut)], killed, outages, 2_000).complaints).toEqual([]);
});
