import { afterEach, expect, it } from "@jest/globals";
import type { SendResult } from "../../src/app/sms-port.ts";
import { createChance } from "../support/crash-chance.ts";
import { Post } from "../support/courier-post.ts";

const messages = 1_024;
/** As many as one provider can have: more might find it busy, and wait for time to go by. */
const together = 32;
const seed = Number(process.env["COURIER_SEED"] ?? Date.now() % 1_000_000);

let post: Post;
afterEach(() => post.courier.stop());

it(`a provider that fails 30 % of its calls costs no message, and sends none twice (COURIER_SEED=${seed})`, async () => {
  const chance = createChance(seed);
  const taken = new Map<string, number>();
  const take = (id: string): SendResult => {
    taken.set(id, (taken.get(id) ?? 0) + 1);
    return { kind: "sent" };
  };
  let calls = 0;
  let failures = 0;
  post = new Post();
  await post.addProviders({
    // Neither can tell one message from two.
    bad: {
      isIdempotent: false,
      answer({ id }) {
        calls += 1;
        // In runs: the first one opens the breaker for certain.
        const fails = calls % 30 < 9;
        if (fails) failures += 1;
        return fails ? { kind: "retry", reason: "busy" } : take(id);
      },
    },
    good: { isIdempotent: false, answer: ({ id }) => take(id) },
  });
  const targets = ["bad", "good"].map((providerId) => ({ providerId, weight: 1, step: 1 }));
  await post.route({ countries: [], targets });

  const numbers = Array.from({ length: messages }, (_, index) => index + 1);
  for (let from = 0; from < messages; from += together) {
    await Promise.all(numbers.slice(from, from + together).map((number) => post.send(String(number))));
    await post.until(() => post.settled.length === from + together);
    post.pass(chance.integer(0, 500));
  }

  expect(post.settled.filter(({ outcome }) => outcome !== "sent")).toEqual([]);
  expect(taken.size).toBe(messages);
  expect([...taken.values()].filter((times) => times > 1)).toEqual([]);
  expect(failures).toBeGreaterThan(0.2 * calls);
  const said = (words: string): number => post.lines.filter((line) => line.includes(words)).length;
  expect(said("is left alone")).toBeGreaterThan(0);
  expect(said("works again")).toBeGreaterThan(0);
});
