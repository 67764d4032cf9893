import * as fc from "fast-check";
import {
  type Condition,
  type IntegerField,
  noEndMs,
  type Search,
  type SessionRecord,
  type TextField,
  type UserRecord,
} from "../../src/app/search.ts";

/** Few values, so that records and conditions meet; and all that SQL, patterns or Unicode make special. */
const pieces = [
  ..."aAbBiIıİsSßẞσςΣ%_*?[]^\\'\"-",
  "e\u0301",
  "é",
  "ﬁ",
  "\u0000",
  "\uffee",
  "\ufffd",
  "😀",
  "𐐀",
  "𐐨",
  "\ud800",
  "\udc00",
];
const textArbitrary = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("", "a", "A", "ab", "Ab") },
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((parts) => parts.join("")),
  },
);
const timeArbitrary = fc.constantFrom(0, 1, 2, 3, 1_777_777_777_777, 8.64e15);
/** Their order by UTF-16 is not that by code points. */
export const ids = ["1", "10", "2", "a", "\uffee", "😀", "é"] as const;
const idArbitrary = fc.constantFrom(...ids, "nobody");

export const userRecordArbitrary: fc.Arbitrary<UserRecord> = fc.record({
  organizationId: fc.constantFrom("o1", "o2"),
  kind: fc.constantFrom("human", "machine"),
  status: fc.constantFrom("active", "locked"),
  userName: textArbitrary,
  givenName: textArbitrary,
  familyName: textArbitrary,
  nickName: fc.constant(""),
  displayName: textArbitrary,
  email: textArbitrary,
  phone: fc.constantFrom("", "+4179", "+41790000001", "+41790000002"),
  schemaId: fc.constantFrom("", "s1"),
  createdMs: timeArbitrary,
});

export const sessionRecordArbitrary: fc.Arbitrary<SessionRecord> = fc.record({
  userId: fc.constantFrom("u1", "u2", ""),
  creatorId: fc.constantFrom("u1", "U1", ""),
  fingerprintId: textArbitrary,
  createdMs: timeArbitrary,
  expiresMs: fc.oneof(timeArbitrary, fc.constant(noEndMs)),
});

export const userSearchArbitrary = searchArbitrary<UserRecord>(
  [
    "id",
    "organizationId",
    "kind",
    "status",
    "userName",
    "givenName",
    "displayName",
    "email",
    "phone",
    "schemaId",
  ],
  ["createdMs"],
);

export const sessionSearchArbitrary = searchArbitrary<SessionRecord>(
  ["id", "userId", "creatorId", "fingerprintId"],
  ["createdMs", "expiresMs"],
);

function searchArbitrary<R>(
  textFields: readonly TextField<R>[],
  integerFields: readonly IntegerField<R>[],
): fc.Arbitrary<Search<R>> {
  const sortFields: readonly Search<R>["sortBy"][] = ["id", "changedMs", ...textFields, ...integerFields];
  return fc.record({
    where: conditionArbitrary(textFields, integerFields),
    sortBy: fc.constantFrom(...sortFields),
    order: fc.constantFrom("ascending", "descending"),
    offset: fc.constantFrom(0, 0, 0, 1, 3, 20),
    limit: fc.constantFrom(0, 1, 2, 3, 5, 100, 100, 100),
  });
}

function conditionArbitrary<R>(
  textFields: readonly TextField<R>[],
  integerFields: readonly IntegerField<R>[],
): fc.Arbitrary<Condition<R>> {
  const value = fc.oneof(textArbitrary, idArbitrary, fc.constantFrom("o1", "u1", "+41790000001"));
  return fc.letrec<{ readonly condition: Condition<R>; readonly leaf: Condition<R> }>((tie) => ({
    leaf: fc.oneof(
      fc.record({
        kind: fc.constant("text"),
        field: fc.constantFrom(...textFields),
        match: fc.constantFrom("equals", "equals", "starts_with", "contains", "ends_with"),
        ignoreCase: fc.boolean(),
        value,
      }),
      fc.record({
        kind: fc.constant("one_of"),
        field: fc.constantFrom(...textFields),
        values: fc.array(value, { maxLength: 4 }),
      }),
      fc.record({
        kind: fc.constant("integer"),
        field: fc.constantFrom(...integerFields),
        match: fc.constantFrom("equals", "greater", "greater_or_equals", "less", "less_or_equals"),
        value: timeArbitrary,
      }),
    ),
    condition: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      tie("leaf"),
      fc.record({ kind: fc.constant("all"), of: fc.array(tie("condition"), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant("any"), of: fc.array(tie("condition"), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant("not"), of: tie("condition") }),
    ),
  })).condition;
}
