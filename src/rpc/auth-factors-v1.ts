import { create } from "@bufbuild/protobuf";
import {
  type AuthFactor,
  AuthFactorSchema,
  AuthFactorState,
} from "../../gen/zitadel/user/v1/auth_factor_pb.js";

/** The second factors of a user in v1: one-time codes by SMS, or none. */
export function v1AuthFactors(hasOtpSms: boolean): AuthFactor[] {
  if (!hasOtpSms) return [];
  return [create(AuthFactorSchema, { state: AuthFactorState.READY, type: { case: "otpSms", value: {} } })];
}
