/**
 * What lists are made of: a record beside each state row, kept on an index in the same transaction, and
 * questions about records. Adapters answer them without reading every state.
 */

/** What a user can be found by. Without a value a text is empty. */
export interface UserRecord {
  readonly organizationId: string;
  readonly kind: string;
  readonly status: string;
  readonly userName: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly nickName: string;
  readonly displayName: string;
  readonly email: string;
  /** E.164. */
  readonly phone: string;
  readonly schemaId: string;
  readonly createdMs: number;
}

/** What a session can be found by. */
export interface SessionRecord {
  readonly userId: string;
  readonly creatorId: string;
  /** The fingerprint of the user agent. */
  readonly fingerprintId: string;
  readonly createdMs: number;
  /** `noEndMs` if it has no end. */
  readonly expiresMs: number;
}

/** After every time that a question can name. */
export const noEndMs = Number.MAX_SAFE_INTEGER;

/** The records of each type of aggregate that has lists. */
export interface SearchRecords {
  readonly user: UserRecord;
  readonly session: SessionRecord;
}
export type SearchType = keyof SearchRecords;

/** Fields with text. Every record has its aggregate's id, too. */
export type TextField<R> = { [F in keyof R]: R[F] extends string ? F : never }[keyof R] | "id";
export type IntegerField<R> = { [F in keyof R]: R[F] extends number ? F : never }[keyof R];

export type TextMatch = "equals" | "starts_with" | "contains" | "ends_with";
export type IntegerMatch = "equals" | "greater" | "greater_or_equals" | "less" | "less_or_equals";

/** A text that one field of a record is compared with; by itself, the field must be equal to it. */
export interface TextEquality<R> {
  readonly field: TextField<R>;
  /** Small and capital letters are the same (`foldCase`). */
  readonly ignoreCase: boolean;
  readonly value: string;
}

/** What a record must be like. */
export type Condition<R> =
  /** Every one; true if there is none. */
  | { readonly kind: "all"; readonly of: readonly Condition<R>[] }
  /** At least one; false if there is none. */
  | { readonly kind: "any"; readonly of: readonly Condition<R>[] }
  | { readonly kind: "not"; readonly of: Condition<R> }
  | ({ readonly kind: "text"; readonly match: TextMatch } & TextEquality<R>)
  | { readonly kind: "one_of"; readonly field: TextField<R>; readonly values: readonly string[] }
  | {
      readonly kind: "integer";
      readonly field: IntegerField<R>;
      readonly match: IntegerMatch;
      readonly value: number;
    };

export interface Search<R> {
  readonly where: Condition<R>;
  /** `changedMs` is the time of the last commit. Equal ones are in the order of their ids. */
  readonly sortBy: keyof R | "id" | "changedMs";
  readonly order: "ascending" | "descending";
  readonly offset: number;
  readonly limit: number;
}

export interface Found {
  /** One page. */
  readonly ids: readonly string[];
  /** How many there are on all pages. */
  readonly total: number;
}

/** Conditions within conditions, at most. */
export const conditionDepthMax = 20;
export const conditionsMax = 200;
/** Of one condition. */
export const valuesMax = 1_000;
export const pageSizeMax = 1_000;

/**
 * The form of a text in which small and capital letters are the same. Σ has two small letters, one for the end of a word:
 * which of them would depend on where a part of a text is cut.
 */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll(finalSigma, sigma);
}

export const finalSigma = "ς";
export const sigma = "σ";
