import { Code, ConnectError } from "@connectrpc/connect";

/** Parts that a request is made of, though the contract cannot mark them, or does not. */

/** @param name as validation would name it, e.g. "SetContactPhoneRequest.phone" */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw missing(name);
  return value;
}

/** A oneof of which one must be chosen. @param name e.g. "CheckUser.search" */
export function requiredOneof<T extends { readonly case: string | undefined }>(
  oneof: T,
  name: string,
): Extract<T, { readonly case: string }> {
  if (!isChosen(oneof)) throw missing(name);
  return oneof;
}

function isChosen<T extends { readonly case: string | undefined }>(
  oneof: T,
): oneof is Extract<T, { readonly case: string }> {
  return oneof.case !== undefined;
}

function missing(name: string): ConnectError {
  return new ConnectError(`invalid ${name}: value is required`, Code.InvalidArgument);
}
