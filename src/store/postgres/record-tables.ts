import { foldCase, type SearchRecords, type SearchType } from "../../app/search.ts";

/** Where the records of one type of aggregate are. Each row has the id of its aggregate. */
export interface RecordTable<R> {
  readonly type: SearchType;
  readonly name: string;
  readonly columns: Readonly<Record<keyof R, string>>;
  /** Columns with the `foldCase` of a text, beside the one with the text. The index of such a field is on this one. */
  readonly foldedColumns: Readonly<Partial<Record<keyof R, string>>>;
  /** Fields that change often: their columns are in `states`, in the row that each commit writes anyway. */
  readonly stateFields: readonly (keyof R & string)[];
}

export const recordTables: { readonly [T in SearchType]: RecordTable<SearchRecords[T]> } = {
  user: {
    type: "user",
    name: "ringback.user_records",
    columns: {
      organizationId: "organization_id",
      kind: "kind",
      status: "status",
      userName: "user_name",
      givenName: "given_name",
      familyName: "family_name",
      nickName: "nick_name",
      displayName: "display_name",
      email: "email",
      phone: "phone",
      schemaId: "schema_id",
      createdMs: "created_ms",
    },
    foldedColumns: { userName: "user_name_folded", email: "email_folded", phone: "phone_folded" },
    stateFields: ["phone"],
  },
  session: {
    type: "session",
    name: "ringback.session_records",
    columns: {
      userId: "user_id",
      creatorId: "creator_id",
      fingerprintId: "fingerprint_id",
      createdMs: "created_ms",
    },
    foldedColumns: {},
    stateFields: [],
  },
};

/** What a table without regard to its records says. */
interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
  readonly stateFields: readonly string[];
}

/** A change of a record by its columns: those in `states`, and those in the table of the records. */
export interface ColumnChanges {
  readonly ofState: Readonly<Record<string, string | number>>;
  readonly ofRecord: Readonly<Record<string, string | number>>;
}

/** @throws TypeError if records of this table have no such field, or not with such a value */
export function columnChanges(table: Table, changes: object): ColumnChanges {
  const ofState: Record<string, string | number> = {};
  const ofRecord: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(changes)) {
    const column = table.columns[field];
    if (column === undefined) throw new TypeError(`a record with a field ${field}`);
    const cells = table.stateFields.includes(field) ? ofState : ofRecord;
    if (typeof value === "number") cells[column] = value;
    else if (typeof value === "string") {
      const text = value.toWellFormed();
      cells[column] = text;
      const folded = table.foldedColumns[field];
      if (folded !== undefined) cells[folded] = foldCase(text);
    } else throw new TypeError(`a record whose ${field} is neither text nor number`);
  }
  return { ofState, ofRecord };
}
