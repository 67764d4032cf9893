import type { SearchType } from "../../app/search.ts";
import type { HistoryEvent, RowsOf, StoredRow } from "../../app/store-port.ts";
import { hasRecord } from "../commit.ts";
import { columnChanges } from "../sql/column-changes.ts";
import { eventOf } from "../sql/rows.ts";
import { binaryArray, binaryColumn } from "./binary-array.ts";
import type { Query, Transaction } from "./database.ts";
import { statements } from "./statements.ts";
import { storedJson } from "./stored-text.ts";

const rowsAtOnce = 1_000;

/**
 * Puts what is made of the events in the place of the rows of all aggregates. First it waits for the commits that are
 * under way; from then on nobody else writes until the transaction ends, so that the events are all there are.
 *
 * @returns how many rows there are
 */
export async function replaceRows(transaction: Transaction, rowsOf: RowsOf): Promise<number> {
  let count = 0;
  let gathered: StoredRow[] = [];
  const insert = async (): Promise<void> => {
    for (const query of insertSql(gathered)) await transaction.query(query);
    count += gathered.length;
    gathered = [];
  };

  await transaction.query({ text: keepCommitsOut, values: [] });
  await transaction.query({ ...statements.removeRows, values: [] });
  for await (const row of rowsOf(eventsByAggregate(transaction))) {
    gathered.push(row);
    if (gathered.length === rowsAtOnce) await insert();
  }
  await insert();
  await transaction.query({ text: analyze, values: [] });
  return count;
}

/** With the table that a commit writes to first: one that waits for it has no other yet, which this would wait for. */
const keepCommitsOut = "LOCK TABLE ringback.writers IN SHARE MODE";

/** PostgreSQL sorts them on the disk, where they are more than it has memory for. */
async function* eventsByAggregate(transaction: Transaction): AsyncGenerator<HistoryEvent> {
  const declare =
    "DECLARE by_aggregate NO SCROLL CURSOR FOR SELECT * FROM ringback.events ORDER BY aggregate_type, aggregate_id, sequence";
  await transaction.query({ text: declare, values: [] });
  for (;;) {
    const { rows } = await transaction.query({ text: `FETCH ${rowsAtOnce} FROM by_aggregate`, values: [] });
    for (const row of rows) yield eventOf(row);
    if (rows.length < rowsAtOnce) return;
  }
}

/** Until it knows what the tables hold, PostgreSQL looks through all of them in each search. */
const analyze =
  "ANALYZE ringback.states, ringback.unique_keys, ringback.user_records, ringback.session_records";

function insertSql(rows: readonly StoredRow[]): readonly Query[] {
  const records = rows.map(({ aggregate: { type, id }, record }) => {
    if (record === null || !hasRecord(type)) return undefined;
    const { phone, ofRecord } = columnChanges(type, record);
    return { type, phone, json: storedJson({ id, ...ofRecord }) };
  });
  const jsonOf = (wanted: SearchType) =>
    records.flatMap((each) => (each?.type === wanted ? [each.json] : []));
  const keys = rows.flatMap((row) => row.keys.map((key) => ({ ...key, id: row.aggregate.id })));
  return [
    {
      ...statements.replaceStates,
      values: [
        binaryColumn("text", rows, ({ aggregate }) => aggregate.type),
        binaryColumn("text", rows, ({ aggregate }) => aggregate.id),
        binaryColumn("bigint", rows, ({ sequence }) => sequence),
        binaryColumn("bigint", rows, ({ changedMs }) => changedMs),
        binaryColumn("text", rows, ({ state }) => JSON.stringify(state)),
        binaryColumn("text", records, (record) => record?.phone ?? null),
      ],
    },
    {
      ...statements.replaceKeys,
      values: [
        binaryColumn("text", keys, ({ kind }) => kind),
        binaryColumn("text", keys, ({ key }) => key),
        binaryColumn("text", keys, ({ id }) => id),
      ],
    },
    { ...statements.replaceUserRecords, values: [binaryArray("text", jsonOf("user"))] },
    { ...statements.replaceSessionRecords, values: [binaryArray("text", jsonOf("session"))] },
  ];
}
