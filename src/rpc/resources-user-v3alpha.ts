import type { ServiceImpl } from "@connectrpc/connect";
import type { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { accountsV3 } from "./resources-user-v3alpha-accounts.ts";
import { phonesV3 } from "./resources-user-v3alpha-phones.ts";

/** zitadel.resources.user.v3alpha.ZITADELUsers, the resource API. */
export function resourcesUserV3alpha(app: AppContext): ServiceImpl<typeof ZITADELUsers> {
  return { ...accountsV3(app), ...phonesV3(app) };
}
