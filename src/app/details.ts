import type { LoadedUser } from "./user-kind.ts";

/** Where an object stands in its history; the wire's `details`. */
export interface Details {
  readonly sequence: number;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly resourceOwner: string;
}

export function detailsOf({ sequence, state }: LoadedUser): Details {
  const { createdMs, changedMs, resourceOwner } = state;
  return { sequence, createdMs, changedMs, resourceOwner };
}
