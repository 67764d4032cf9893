import { exists } from "../domain/user-state.ts";
import type { AppContext } from "./context.ts";
import type { Caller } from "./auth-port.ts";
import { type Page, readAll } from "./page.ts";
import type { Condition, Search, UserRecord } from "./search.ts";
import type { LoadedUser } from "./user-kind.ts";

/** The users that the caller may see and that are like this. */
export async function listUsers(
  app: AppContext,
  caller: Caller,
  search: Search<UserRecord>,
): Promise<Page<LoadedUser>> {
  const where: Condition<UserRecord> = { kind: "all", of: [search.where, ...visibleTo(caller)] };
  const { ids, total } = await app.store.search("user", { ...search, where });
  const items = await readAll(ids, async (id) => {
    const loaded = await app.users.find(id);
    // Somebody may be deleted between the search and this.
    return exists(loaded?.state) ? loaded : undefined;
  });
  return { items, total, atMs: app.clock.nowMs() };
}

function visibleTo(caller: Caller): readonly Condition<UserRecord>[] {
  if (caller.mayEverywhere("user.read")) return [];
  const self: Condition<UserRecord> = { kind: "one_of", field: "id", values: [caller.userId] };
  const { organizationId } = caller;
  if (!caller.may("user.read", organizationId)) return [self];
  return [{ kind: "any", of: [self, { kind: "one_of", field: "organizationId", values: [organizationId] }] }];
}
