import { pageSizeMax } from "../app/search.ts";
import { DomainError, refusal } from "../domain/errors.ts";

const pageSizeDefault = 100;
const offsetMax = 1_000_000_000;

const tooMany = refusal("invalid_argument", "QUERY-4M0fs", "Errors.Limit");

/** Which page of a list, as every generation asks for it. */
export interface PageRequest {
  readonly offset: bigint;
  readonly limit: number;
}

/** @throws DomainError past what is given at once */
export function pageOf(request: PageRequest | undefined): {
  readonly offset: number;
  readonly limit: number;
} {
  const { offset = 0n, limit = 0 } = request ?? {};
  if (limit > pageSizeMax) refuseLimit("query.limit", pageSizeMax);
  if (offset > BigInt(offsetMax)) refuseLimit("query.offset", offsetMax);
  return { offset: Number(offset), limit: limit === 0 ? pageSizeDefault : limit };
}

/** @throws DomainError always. @param max with its unit, if it has one */
export function refuseLimit(field: string, max: number | string): never {
  throw new DomainError(tooMany, { field, max: String(max) });
}

/** Cuts a page out of a list that is at hand as a whole. */
export function cut<T>(all: readonly T[], page: { readonly offset: number; readonly limit: number }): T[] {
  return all.slice(page.offset, page.offset + page.limit);
}
