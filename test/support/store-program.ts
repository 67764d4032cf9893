import type { Store } from "../../src/app/ports.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
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

/** Never resolves: somebody is to kill the process. */
async function flood(store: Store, prefix: string): Promise<never> {
  for (let number = 0; ; number += 1) {
    const id = `${prefix} ${number}`;
    const message = outboxMessage(id, { recipient: id });
    await store.commit(userCommit(id, 0, { takeKeys: [{ kind: "user_name", key: id }], message }));
    tell(id);
  }
}

function tell(result: unknown): void {
  process.send?.(result);
}
