import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { refuseLimit } from "./refused-fields.ts";

/** What begins now and lasts as long still ends at a time that the wire can tell. */
const daysMax = 36_525;

/**
 * @param field as the contract names it
 * @returns milliseconds; 0 if it is left out
 * @throws DomainError for less than nothing, and for more than a hundred years
 */
export function boundedMs(field: string, duration: Duration | undefined): number {
  if (duration === undefined) return 0;
  const { seconds, nanos } = duration;
  const isTooLong = seconds > daysMax * 86_400;
  if (isTooLong || seconds < 0n || nanos < 0) refuseLimit(field, `0 to ${daysMax} days`);
  return durationMs(duration);
}
