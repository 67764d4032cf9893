import type { AggregateWrite, Store } from "../../src/app/store-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { sessionRecord, userRecord } from "../contract/search-records.ts";
import { outboxMessage, userCommit } from "./store-commits.ts";
import type { StoreRequest } from "./store-process.ts";

/** The program of a `StoreProcess`: `node store-program.ts <file>`. */

const file = process.argv[2] ?? "";
const floodersMax = 100;
let opening: Promise<Store> | undefined;

process.on("message", (request: StoreRequest) => {
  answer(request).then(
    (result) => tell(result ?? null),
    (error: unknown) => tell(String(error)),
  );
});
process.on("disconnect", () => process.exit());

async function answer(request: StoreRequest): Promise<unknown> {
  opening ??= openSqliteStore({ file, log: silentLog });
  const store = await opening;
  switch (request.kind) {
    case "open":
      return "opened";
    case "commit":
      return store.commit(userCommit(request.id, 0, { state: { filler: "x".repeat(request.bytes) } }));
    case "load":
      return (await store.load({ type: "user", id: request.id }))?.sequence;
    case "flood":
      return Promise.all(
        Array.from({ length: floodersMax }, (_, index) => flood(store, `${request.prefix} ${index}`)),
      );
  }
}

/**
 * Each commit is to a user and to a session with the same id, both with a record. Never resolves: somebody is
 * to kill the process.
 */
async function flood(store: Store, prefix: string): Promise<never> {
  for (let number = 0; ; number += 1) {
    const id = `${prefix} ${number}`;
    const session: AggregateWrite = {
      aggregate: { type: "session", id },
      expectedSequence: 0,
      events: [{ type: "session.changed.v1", data: {} }],
      state: { id },
      record: sessionRecord({ userId: id }),
    };
    await store.commit(
      userCommit(id, 0, {
        takeKeys: [{ kind: "user_name", key: id }],
        message: outboxMessage(id, { recipient: id }),
        record: userRecord({ phone: id }),
        also: [session],
      }),
    );
    tell(id);
  }
}

function tell(result: unknown): void {
  process.send?.(result);
}
