import { noEndMs, type SessionRecord, type UserRecord } from "../../src/app/search.ts";

/** A record of a user with these values, and nothing else. */
export function userRecord(values: Partial<UserRecord>): UserRecord {
  return {
    organizationId: "",
    kind: "human",
    status: "active",
    userName: "",
    givenName: "",
    familyName: "",
    nickName: "",
    displayName: "",
    email: "",
    phone: "",
    schemaId: "",
    createdMs: 0,
    ...values,
  };
}

/** A record of a session with these values, and nothing else. */
export function sessionRecord(values: Partial<SessionRecord>): SessionRecord {
  return { userId: "", creatorId: "", fingerprintId: "", createdMs: 0, expiresMs: noEndMs, ...values };
}

/** The search for all records of a type, by id. */
export const everyRecord = {
  where: { kind: "all", of: [] },
  sortBy: "id",
  order: "ascending",
  offset: 0,
  limit: 1_000,
} as const;
