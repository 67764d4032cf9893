import type { Verification } from "../domain/decision.ts";

/** The oneof `verification` as protobuf-es reads it, the same in every generation. */
export interface VerificationOneof {
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
