import { DomainError, refusal } from "../domain/errors.ts";

const notSupported = refusal("failed_precondition", "RINGBACK-n0Sup", "Errors.NotSupported");
const pastLimit = refusal("invalid_argument", "QUERY-4M0fs", "Errors.Limit");

/** Refuses a field that is past its limit. @param max with its unit, if it has one */
export function refuseLimit(field: string, max: number | string): never {
  throw new DomainError(pastLimit, { field, max: String(max) });
}

/** Refuses a field that cannot be honored: nothing is dropped silently. @param field as the contract names it */
export function refuseField(field: string, reason: string): never {
  throw new DomainError(notSupported, { field, reason });
}

/** Refuses the first field that is set and that asks for what is not done here. */
export function refusePresent(fields: Readonly<Record<string, unknown>>, reason: string): void {
  for (const [field, value] of Object.entries(fields)) {
    const isAbsent =
      value === undefined || value === "" || value === false || (Array.isArray(value) && value.length === 0);
    if (!isAbsent) refuseField(field, reason);
  }
}

export const noPasswords = "passwords are not kept here";
export const noLinks = "identity providers are not linked here";
export const onlySms = "only codes by SMS are kept here";
export const oneInstance = "there is one instance";
