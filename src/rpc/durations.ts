import type { Duration } from "@bufbuild/protobuf/wkt";
import { refuseLimit } from "./refused-fields.ts";

/** What begins now and lasts as long still ends at a time that the wire can tell. */
const daysMax = 36_525;
/** google/protobuf/duration.proto */
const nanosMax = 999_999_999;

/**
 * @param field as the contract names it
 * @returns milliseconds, rounded up: 0 only if it is left out or nothing, which may mean that there is no end
 * @throws DomainError for less than nothing, for more than a hundred years, and for what is no duration
 */
export function boundedMs(field: string, duration: Duration | undefined): number {
  if (duration === undefined) return 0;
  const { seconds, nanos } = duration;
  const isTooLong = seconds > daysMax * 86_400;
  if (isTooLong || seconds < 0n || nanos < 0 || nanos > nanosMax) refuseLimit(field, `0 to ${daysMax} days`);
  return Number(seconds) * 1_000 + Math.ceil(nanos / 1_000_000);
}
