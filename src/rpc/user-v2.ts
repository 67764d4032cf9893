import type { ServiceImpl } from "@connectrpc/connect";
import type { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { accessTokensV2 } from "./user-v2-access-tokens.ts";
import { accountsV2 } from "./user-v2-accounts.ts";
import { factorsV2 } from "./user-v2-factors.ts";
import { phonesV2 } from "./user-v2-phones.ts";

/** zitadel.user.v2.UserService. */
export function userV2(app: AppContext): ServiceImpl<typeof UserService> {
  return { ...accountsV2(app), ...phonesV2(app), ...factorsV2(app), ...accessTokensV2(app) };
}
