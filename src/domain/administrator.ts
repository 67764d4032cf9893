import type { Decision } from "./decision.ts";
import type { UserEvent } from "./user-events.ts";
import { exists, type UserState } from "./user-state.ts";

/**
 * Sees to it that the machine user with the administrator's roles is there, works, and has this token only, without end.
 *
 * Whoever has the id without the roles is replaced: others may hold tokens of a user whom no role protects. A token that
 * was made just now is for the first administrator only: whoever came later may have another one in use.
 */
export function decideAdministrator(
  state: UserState | undefined,
  command: {
    readonly resourceOwner: string;
    readonly userName: string;
    readonly roles: readonly string[];
    readonly tokenHash: string;
    readonly tokenId: string;
    /** Whether the token was made just now, and not chosen by the operator. */
    readonly isMade: boolean;
  },
): Decision {
  if (command.isMade && state !== undefined) return { events: [] };
  const { resourceOwner, userName, roles, tokenHash, tokenId } = command;
  const present = isAdministrator(state, roles) ? state : undefined;
  const events: UserEvent[] = [];
  if (present === undefined) {
    if (exists(state)) events.push({ type: "user.removed", data: {} });
    events.push({ type: "user.machine.added", data: { resourceOwner, userName, name: "Administrator" } });
    events.push({ type: "user.roles.set", data: { roles } });
  }
  if (present?.status === "inactive") events.push({ type: "user.reactivated", data: {} });
  if (present?.status === "locked") events.push({ type: "user.unlocked", data: {} });
  const tokens = Object.entries(present?.accessTokens ?? {});
  const others = tokens.filter(([, { hash, expiresMs }]) => hash !== tokenHash || expiresMs !== null);
  for (const [formerId] of others) events.push({ type: "user.pat.removed", data: { tokenId: formerId } });
  if (others.length === tokens.length) {
    events.push({ type: "user.pat.added", data: { tokenId, hash: tokenHash, expiresMs: null } });
  }
  return { events };
}

function isAdministrator(state: UserState | undefined, roles: readonly string[]): state is UserState {
  return exists(state) && state.kind === "machine" && roles.every((role) => state.roles.includes(role));
}
