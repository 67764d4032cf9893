import type { ServiceImpl } from "@connectrpc/connect";
import type { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { managementAccountsV1 } from "./management-v1-accounts.ts";
import { managementLockoutV1 } from "./management-v1-lockout.ts";
import { managementPhonesV1 } from "./management-v1-phones.ts";
import { managementTextsV1 } from "./management-v1-texts.ts";

/** zitadel.management.v1.ManagementService: the users and settings of one organization. */
export function managementV1(app: AppContext): ServiceImpl<typeof ManagementService> {
  return {
    healthz: () => ({}),
    ...managementAccountsV1(app),
    ...managementPhonesV1(app),
    ...managementLockoutV1(app),
    ...managementTextsV1(app),
  };
}
