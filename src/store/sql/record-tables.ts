import type { SearchRecords, SearchType } from "../../app/search.ts";

/** The one field that changes often: its column is in `states`, in the row that each commit writes anyway. */
export const phoneField = "phone";

/** Where a database has the records of one type of aggregate. Each row has the id of its aggregate. */
export interface RecordTable<R> {
  readonly type: SearchType;
  readonly name: string;
  readonly columns: Readonly<Record<keyof R, string>>;
  /** Columns with the `foldCase` of a text. The index of such a field is on this one. A phone number has no letters. */
  readonly foldedColumns: Readonly<Partial<Record<keyof R, string>>>;
}

export const recordTables: { readonly [T in SearchType]: RecordTable<SearchRecords[T]> } = {
  user: {
    type: "user",
    name: "user_records",
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
    foldedColumns: { userName: "user_name_folded", email: "email_folded", phone: "phone" },
  },
  session: {
    type: "session",
    name: "session_records",
    columns: {
      userId: "user_id",
      creatorId: "creator_id",
      fingerprintId: "fingerprint_id",
      createdMs: "created_ms",
      expiresMs: "expires_ms",
    },
    foldedColumns: {},
  },
};
