import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, expect, it } from "@jest/globals";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { dumpSchema } from "../support/postgres-schema.ts";

const golden = new URL("../golden/postgres-schema.sql", import.meta.url);

afterAll(stopPostgres);

/** After a new migration: UPDATE_GOLDEN=1 npm test -- test/contract/postgres-schema.test.ts */
it("makes the schema of test/golden from all migrations", async () => {
  const database = await (await startPostgres()).createDatabase();
  await migrate(database.url);
  const dump = await dumpSchema(database.url);
  await database.remove();
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, dump);
  expect(dump).toBe(readFileSync(golden, "utf8"));
});
