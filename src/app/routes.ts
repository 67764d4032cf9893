import type { Route } from "../domain/routes.ts";
import { decideSetRoutes } from "../domain/settings.ts";
import type { Dated } from "../domain/settings-state.ts";
import type { AppContext } from "./context.ts";
import { instanceId } from "./settings.ts";

/** The use cases of routes. */

/** @returns undefined if they were never set */
export async function getRoutes(app: AppContext): Promise<Dated<readonly Route[]> | undefined> {
  return (await app.settings.find("instance"))?.state.smsRoutes;
}

/**
 * @returns where they stand afterwards; undefined if there are none, and never were
 * @throws DomainError for a route that leads nowhere
 */
export async function setRoutes(
  app: AppContext,
  routes: readonly Route[],
): Promise<Dated<readonly Route[]> | undefined> {
  const done = await app.settings.instance.execute(instanceId, (state) => decideSetRoutes(state, routes));
  return done.state.smsRoutes;
}
