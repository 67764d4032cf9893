import type { StoredRow } from "../../app/ports.ts";
import { binaryArray } from "./binary-array.ts";
import type { Query } from "./database.ts";
import { recordTables } from "../sql/record-tables.ts";
import { columnChanges } from "../sql/column-changes.ts";
import { statements } from "./statements.ts";
import { storedJson } from "./stored-text.ts";

const rowsAtOnce = 1_000;

/** A row that is behind its events would let an event be written twice. Once the rows are removed, nobody writes. */
const requireLatest = `
  DO $$ BEGIN
    IF (SELECT max(last_position) FROM ringback.states) IS DISTINCT FROM (SELECT max(position) FROM ringback.events) THEN
      RAISE EXCEPTION 'events were written meanwhile, and nothing was changed: stop every server, and do it again';
    END IF;
  END $$
`;

/**
 * The statements of a transaction that puts these in the place of the rows of all aggregates; it fails if they do not
 * come from all events.
 */
export function* replaceRowsSql(rows: readonly StoredRow[]): Generator<Query> {
  yield { ...statements.removeRows, values: [] };
  for (let from = 0; from < rows.length; from += rowsAtOnce)
    yield* insertSql(rows.slice(from, from + rowsAtOnce));
  yield { text: requireLatest, values: [] };
  yield { text: analyze, values: [] };
}

/** Until it knows what the tables hold, PostgreSQL looks through all of them in each search. */
const analyze =
  "ANALYZE ringback.states, ringback.unique_keys, ringback.user_records, ringback.session_records";

function insertSql(rows: readonly StoredRow[]): readonly Query[] {
  const records = rows.map(({ aggregate: { type, id }, record }) => {
    if (record === null || !(type === "user" || type === "session")) return undefined;
    const { phone, ofRecord } = columnChanges(recordTables[type], record);
    return { type, phone, json: storedJson({ id, ...ofRecord }) };
  });
  const jsonOf = (wanted: "user" | "session") =>
    records.flatMap((each) => (each?.type === wanted ? [each.json] : []));
  const keys = rows.flatMap((row) => row.keys.map((key) => ({ ...key, id: row.aggregate.id })));
  return [
    {
      ...statements.replaceStates,
      values: [
        binaryArray(
          "text",
          rows.map((row) => row.aggregate.type),
        ),
        binaryArray(
          "text",
          rows.map((row) => row.aggregate.id),
        ),
        binaryArray(
          "bigint",
          rows.map((row) => row.sequence),
        ),
        binaryArray(
          "bigint",
          rows.map((row) => row.lastPosition),
        ),
        binaryArray(
          "bigint",
          rows.map((row) => row.changedMs),
        ),
        binaryArray(
          "text",
          rows.map((row) => JSON.stringify(row.state)),
        ),
        binaryArray(
          "text",
          records.map((each) => each?.phone?.[0] ?? null),
        ),
        binaryArray(
          "text",
          records.map((each) => each?.phone?.[1] ?? null),
        ),
      ],
    },
    {
      ...statements.replaceKeys,
      values: [
        binaryArray(
          "text",
          keys.map(({ kind }) => kind),
        ),
        binaryArray(
          "text",
          keys.map(({ key }) => key),
        ),
        binaryArray(
          "text",
          keys.map(({ id }) => id),
        ),
      ],
    },
    { ...statements.replaceUserRecords, values: [binaryArray("text", jsonOf("user"))] },
    { ...statements.replaceSessionRecords, values: [binaryArray("text", jsonOf("session"))] },
  ];
}
