import { create } from "@bufbuild/protobuf";
import {
  type LockoutPolicy as V1LockoutPolicy,
  LockoutPolicySchema,
} from "../../gen/zitadel/policy/v1/lockout_policy_pb.js";
import type { LockoutView } from "../app/lockout.ts";
import type { LockoutPolicy } from "../domain/policy.ts";
import { v1SettingDetails } from "./details.ts";

/** A lockout policy, as the messages of v1 carry it. */

export function lockoutOf(request: {
  readonly maxPasswordAttempts: number;
  readonly maxOtpAttempts: number;
}): LockoutPolicy {
  const { maxPasswordAttempts, maxOtpAttempts } = request;
  return { maxPasswordAttempts, maxOtpAttempts };
}

export function v1LockoutPolicy({ policy, details, isDefault }: LockoutView): V1LockoutPolicy {
  return create(LockoutPolicySchema, {
    details: v1SettingDetails(details),
    maxPasswordAttempts: BigInt(policy.maxPasswordAttempts),
    maxOtpAttempts: BigInt(policy.maxOtpAttempts),
    isDefault,
  });
}
