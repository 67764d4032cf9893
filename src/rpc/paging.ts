import { pageSizeMax } from "../app/search.ts";
import { refuseLimit } from "./refused-fields.ts";

const pageSizeDefault = 100;
const offsetMax = 1_000_000_000;

/** Which page of a list, as every generation asks for it. */
export interface PageRequest {
  readonly offset: bigint;
  readonly limit: number;
}

/**
 * @param field that asks for it, as the contract names it
 * @throws DomainError past what is given at once
 */
export function pageOf(
  request: PageRequest | undefined,
  field = "query",
): { readonly offset: number; readonly limit: number } {
  const { offset = 0n, limit = 0 } = request ?? {};
  if (limit > pageSizeMax) refuseLimit(`${field}.limit`, pageSizeMax);
  if (offset > BigInt(offsetMax)) refuseLimit(`${field}.offset`, offsetMax);
  return { offset: Number(offset), limit: limit === 0 ? pageSizeDefault : limit };
}

/** Cuts a page out of a list that is at hand as a whole. */
export function cut<T>(all: readonly T[], page: { readonly offset: number; readonly limit: number }): T[] {
  return all.slice(page.offset, page.offset + page.limit);
}
