import { decideAdministrator } from "../domain/administrator.ts";
import { newUuid } from "../lib/id.ts";
import { hashToken } from "../lib/opaque-token.ts";
import { newAccessToken } from "./access-token.ts";
import { defaultOrganizationId } from "./account.ts";
import type { AppContext } from "./context.ts";
import { userNameKey } from "./user-kind.ts";

export const administratorId = "administrator";

/**
 * Sees to it that there is an administrator who works, whatever became of the last one, and that exactly the given token
 * is theirs. Without one, a token is made, for the first administrator there ever was.
 *
 * @returns the token that was made and is theirs, to be shown once; it is stored hashed
 */
export async function ensureAdministrator(
  app: AppContext,
  roles: readonly string[],
  given: string | undefined,
): Promise<string | undefined> {
  const token = given ?? newAccessToken(app);
  const tokenId = newUuid(app.clock.nowMs(), app.randomBytes);
  const holder = await app.store.findByKey(userNameKey(defaultOrganizationId, administratorId));
  const isNameFree = holder === undefined || holder === administratorId;
  const { state } = await app.users.execute(administratorId, (found) =>
    decideAdministrator(found, {
      resourceOwner: defaultOrganizationId,
      userName: isNameFree ? administratorId : `${administratorId}-${tokenId}`,
      roles,
      tokenHash: hashToken(token),
      tokenId,
      isMade: given === undefined,
    }),
  );
  // Of two servers that start together, one loses: its token is nobody's.
  return given === undefined && Object.hasOwn(state.accessTokens, tokenId) ? token : undefined;
}
