import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { World } from "../../support/wire-world.ts";
import type { Subject } from "./scenario.ts";

/** Settings, as answers show them. */

export function time(ms: number): unknown {
  return toJson(TimestampSchema, timestampFromMs(ms));
}

/** Where a setting stands: its last event in its aggregate, and when it was made and changed. */
export function settingDetails(
  resourceOwner: string,
  sequence: number,
  createdMs: number,
  changedMs = createdMs,
): object {
  return {
    sequence: String(sequence),
    creationDate: time(createdMs),
    changeDate: time(changedMs),
    resourceOwner,
  };
}

/** What the settings of the instance are about. */
export const instance: Subject = { id: "instance", organizationId: "instance", createdMs: 0 };

/** What is built in was never set: it has no history. */
export const builtInDetails = { resourceOwner: "instance" };

/** The limits of a lockout policy; zero is left out. */
export function lockoutLimits(maxPasswordAttempts: number, maxOtpAttempts: number): object {
  return {
    ...(maxPasswordAttempts === 0 ? {} : { maxPasswordAttempts: String(maxPasswordAttempts) }),
    ...(maxOtpAttempts === 0 ? {} : { maxOtpAttempts: String(maxOtpAttempts) }),
  };
}

/** The limits of the profile. */
export function builtInLockout({ profile }: World): object {
  return lockoutLimits(0, profile === "safe" ? 100 : 0);
}
