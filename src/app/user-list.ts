import type { AppContext } from "./context.ts";
import type { Caller } from "./auth-port.ts";
import type { Condition, Search, UserRecord } from "./search.ts";
import type { LoadedUser } from "./users.ts";

/** One page, and how many there are on all pages. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** When it was looked up. */
  readonly atMs: number;
}

/** The users that the caller may see and that are like this. */
export async function listUsers(
  app: AppContext,
  caller: Caller,
  search: Search<UserRecord>,
): Promise<Page<LoadedUser>> {
  const where: Condition<UserRecord> = { kind: "all", of: [search.where, ...visibleTo(caller)] };
  const { ids, total } = await app.store.search("user", { ...search, where });
  const items: LoadedUser[] = [];
  for (const id of ids) {
    const loaded = await app.users.find(id);
    // Somebody may be deleted between the search and this.
    if (loaded !== undefined && loaded.state.status !== "removed") items.push(loaded);
  }
  return { items, total, atMs: app.clock.nowMs() };
}

function visibleTo(caller: Caller): readonly Condition<UserRecord>[] {
  if (caller.mayEverywhere("user.read")) return [];
  const self: Condition<UserRecord> = { kind: "one_of", field: "id", values: [caller.userId] };
  const { organizationId } = caller;
  if (!caller.may("user.read", organizationId)) return [self];
  return [{ kind: "any", of: [self, { kind: "one_of", field: "organizationId", values: [organizationId] }] }];
}
