import { expect, it } from "@jest/globals";
import { Inbox } from "../../src/app/inbox.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";

it("lets a thousand wait for a message at a time, and the next one once they have gone", async () => {
  const inbox = new Inbox(openMemoryStore().inbox, { isInUse: () => true, isShared: false });
  const call = new AbortController();
  const wait = () => inbox.wait("+41791234567", 0, call.signal);
  const waits = Array.from({ length: 1_000 }, wait);
  await expect(wait()).rejects.toMatchObject({ refusal: { id: "INBOX-t0Wm4" } });
  call.abort(new Error("hung up"));
  await Promise.allSettled(waits);
  await expect(wait()).rejects.toThrow("hung up");
});
