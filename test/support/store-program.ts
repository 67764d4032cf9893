import type { Store } from "../../src/app/ports.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { outboxMessage, userCommit } from "./store-commits.ts";
import type { StoreRequest } from "./store-process.ts";

/** The program of a `StoreProcess`: `node store-program.ts <file>`. */

// A write beyond the file size limit is to fail with EFBIG; the signal that comes with it would end the process.
process.on("SIGXFSZ", () => {});

const file = process.argv[2] ?? "";
const floodersMax = 100;
let store: Store | undefined;

process.on("message", (request: StoreRequest) => {
  answer(request).then(
    (result) => tell(result ?? null),
    (error: unknown) => tell(String(error)),
  );
});
process.on("disconnect", () => process.exit());

async function answer(request: StoreRequest): Promise<unknown> {
  store ??= await openSqliteStore({ file, log: silentLog });
  switch (request.kind) {
    case "open":
      return "opened";
    case "commit":
      return store.commit(userCommit(request.id, 0, { state: { filler: "x".repeat(request.bytes) } }));
    case "load":
      return (await store.load({ type: "user", id: request.id }))?.sequence;
    case "flood":
      await Promise.all(
        Array.from({ length: floodersMax }, (_, index) => flood(`${request.prefix} ${index}`)),
      );
      return null;
    case "close":
      return store.close();
  }
}

async function flood(prefix: string): Promise<void> {
  for (let number = 0; store !== undefined; number += 1) {
    const id = `${prefix} ${number}`;
    await store.commit(
      userCommit(id, 0, {
        takeKeys: [{ kind: "user_name", key: id }],
        message: outboxMessage(id, { recipient: id }),
      }),
    );
    tell(id);
  }
}

function tell(result: unknown): void {
  process.send?.(result);
}
