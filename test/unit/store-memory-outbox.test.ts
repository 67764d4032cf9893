import { expect, it } from "@jest/globals";
import { listedMessagesMax } from "../../src/app/outbox-port.ts";
import { MemoryOutbox } from "../../src/store/memory/memory-outbox.ts";
import { outboxMessage } from "../support/store-commits.ts";

it("a list of the messages to a recipient has all of them, however many others came later", () => {
  const outbox = new MemoryOutbox(Infinity);
  outbox.add(outboxMessage("first", { recipient: "+41790000001" }));
  for (let index = 0; index < listedMessagesMax; index += 1) {
    outbox.add(outboxMessage(`later ${index}`, { recipient: "+41790000002" }));
  }
  expect(outbox.list({ recipient: "+41790000001", limit: 10 })).toMatchObject([{ id: "first" }]);
  expect(outbox.list({ userId: "user of first", limit: 10 })).toEqual([]);
});
