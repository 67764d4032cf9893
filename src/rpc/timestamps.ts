import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { refuseLimit } from "./refused-fields.ts";

/** 0001-01-01 and 9999-12-31, 23:59:59 (google/protobuf/timestamp.proto): JSON cannot tell what is beyond. */
const secondsMin = -62_135_596_800n;
const secondsMax = 253_402_300_799n;
const nanosMax = 999_999_999;

/**
 * @param field as the contract names it
 * @returns milliseconds, rounded down: never a later time than was given
 * @throws DomainError for a time that is none
 */
export function boundedTimestampMs(field: string, { seconds, nanos }: Timestamp): number {
  if (seconds < secondsMin || seconds > secondsMax || nanos < 0 || nanos > nanosMax) {
    refuseLimit(field, "the years 1 to 9999");
  }
  return Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
}
