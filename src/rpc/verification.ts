import type { Verification } from "../domain/decision.ts";
import { Code, ConnectError } from "@connectrpc/connect";

/** The oneof `verification` as protobuf-es reads it, the same in every generation. */
interface VerificationOneof {
  readonly case?: "sendCode" | "returnCode" | "isVerified" | undefined;
}

/** Nothing chosen means that the code is sent. */
export function verificationOf(oneof: VerificationOneof): Verification {
  switch (oneof.case) {
    case "returnCode":
      return "return_code";
    case "isVerified":
      return "is_verified";
    case "sendCode":
    case undefined:
      return "send_code";
  }
}

/** As above, where there is no `is_verified`. */
export function codeVerificationOf(oneof: {
  readonly case?: "sendCode" | "returnCode" | undefined;
}): Exclude<Verification, "is_verified"> {
  return oneof.case === "returnCode" ? "return_code" : "send_code";
}

/** The phone of a registration, which the contract does not mark as required. */
export function requirePhone<T>(phone: T | undefined, message: string): T {
  if (phone === undefined)
    throw new ConnectError(`invalid ${message}.phone: value is required`, Code.InvalidArgument);
  return phone;
}

/** A oneof that the contract requires. */
export function requireOneof<T extends { readonly case: string | undefined }>(
  oneof: T,
  name: string,
): Extract<T, { readonly case: string }> {
  if (!isChosen(oneof)) throw new ConnectError(`invalid ${name}: value is required`, Code.InvalidArgument);
  return oneof;
}

function isChosen<T extends { readonly case: string | undefined }>(
  oneof: T,
): oneof is Extract<T, { readonly case: string }> {
  return oneof.case !== undefined;
}
