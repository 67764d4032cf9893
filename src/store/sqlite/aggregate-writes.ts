import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { AggregateRef, StoredRow, UniqueKey } from "../../app/store-port.ts";
import { hasRecord } from "../commit.ts";
import { columnChanges } from "../sql/column-changes.ts";
import { integer, text } from "../sql/columns.ts";
import { recordTables } from "../sql/record-tables.ts";
import { prepareRecordWrites } from "./record-writes.ts";
import type { WrittenAggregate } from "./sent-commit.ts";

/** The state row of an aggregate, without the state. */
export interface StateRow {
  readonly number: number;
  readonly sequence: number;
}

export interface AggregateWrites {
  find(aggregate: AggregateRef): StateRow | undefined;
  /** The id of the aggregate that holds the key. */
  holderOf(key: UniqueKey): string | undefined;
  /** @param row of this aggregate, undefined if it is new */
  write(write: WrittenAggregate, row: StateRow | undefined, atMs: number): void;
  /** Those of all aggregates; the events stay. */
  removeRows(): void;
  /** That of an aggregate which has none. */
  insertRow(row: StoredRow): void;
}

/** Events, state, record and keys of one aggregate. */
export function prepareAggregateWrites(database: DatabaseSync): AggregateWrites {
  const selectState = database.prepare(
    "SELECT number, sequence FROM states WHERE aggregate_type = ? AND aggregate_id = ?",
  );
  const selectKey = database.prepare("SELECT aggregate_id FROM unique_keys WHERE kind = ? AND key = ?");
  const insertEvent = database.prepare(
    `INSERT INTO events (aggregate_type, aggregate_id, sequence, at_ms, type, data)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const insertState = database.prepare(
    `INSERT INTO states (aggregate_type, aggregate_id, sequence, state, changed_ms, phone)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const updateState = database.prepare(
    "UPDATE states SET sequence = ?, state = ?, changed_ms = ? WHERE number = ?",
  );
  const updateStateAndPhone = database.prepare(
    "UPDATE states SET sequence = ?, state = ?, changed_ms = ?, phone = ? WHERE number = ?",
  );
  const deleteKey = database.prepare(
    "DELETE FROM unique_keys WHERE kind = ? AND key = ? AND aggregate_id = ?",
  );
  const insertKey = database.prepare(
    "INSERT INTO unique_keys (kind, key, aggregate_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const writeRecord = {
    user: prepareRecordWrites(database, recordTables.user),
    session: prepareRecordWrites(database, recordTables.session),
  };
  /** @returns the number of the row */
  function insertedState(...columns: readonly SQLInputValue[]): number {
    return Number(insertState.run(...columns).lastInsertRowid);
  }
  return {
    find({ type, id }) {
      const row = selectState.get(type, id);
      return row && { number: integer(row["number"]), sequence: integer(row["sequence"]) };
    },
    holderOf({ kind, key }) {
      const row = selectKey.get(kind, key);
      return row && text(row["aggregate_id"]);
    },
    write(write, row, atMs) {
      const { state, record } = write;
      const { type, id } = write.aggregate;
      let sequence = write.expectedSequence;
      for (const [eventType, data] of write.events) {
        sequence += 1;
        insertEvent.run(type, id, sequence, atMs, eventType, data);
      }
      const { phone, ofRecord } = columnChanges(type, record);
      let number = row?.number;
      if (number === undefined) {
        number = insertedState(type, id, sequence, state, atMs, phone ?? null);
      } else if (phone === undefined) updateState.run(sequence, state, atMs, number);
      else updateStateAndPhone.run(sequence, state, atMs, phone, number);
      if (ofRecord !== undefined && hasRecord(type)) writeRecord[type](number, id, ofRecord);
      for (const key of write.freeKeys ?? []) deleteKey.run(key.kind, key.key, id);
      for (const key of write.takeKeys ?? []) insertKey.run(key.kind, key.key, id);
    },
    removeRows() {
      const { user, session } = recordTables;
      for (const table of ["states", "unique_keys", user.name, session.name]) {
        database.exec(`DELETE FROM ${table}`);
      }
    },
    insertRow({ aggregate: { type, id }, sequence, state, changedMs, keys, record }) {
      const json = JSON.stringify(state);
      const { phone = null, ofRecord } = columnChanges(type, record);
      const number = insertedState(type, id, sequence, json, changedMs, phone);
      if (ofRecord !== undefined && hasRecord(type)) writeRecord[type](number, id, ofRecord);
      for (const { kind, key } of keys) insertKey.run(kind, key, id);
    },
  };
}
