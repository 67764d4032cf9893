import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  AddCustomLockoutPolicyResponseSchema,
  GetDefaultLockoutPolicyResponseSchema,
  GetLockoutPolicyResponseSchema,
  type ManagementService,
  ResetLockoutPolicyToDefaultResponseSchema,
  UpdateCustomLockoutPolicyResponseSchema,
} from "../../gen/zitadel/management/v1/management_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { addLockout, changeLockout, getLockout, removeLockout } from "../app/lockout.ts";
import type { Scope } from "../app/settings.ts";
import { v1AddDetails, v1ChangeDetails } from "./details.ts";
import { organizationOf } from "./gate.ts";
import { lockoutOf, v1LockoutPolicy } from "./lockout-policy.ts";

type Methods = Pick<
  ServiceImpl<typeof ManagementService>,
  | "getLockoutPolicy"
  | "getDefaultLockoutPolicy"
  | "addCustomLockoutPolicy"
  | "updateCustomLockoutPolicy"
  | "resetLockoutPolicyToDefault"
>;

/** zitadel.management.v1.ManagementService: the lockout policy of the organization. */
export function managementLockoutV1(app: AppContext): Methods {
  const scopeOf = (context: HandlerContext): Scope => ({ organizationId: organizationOf(context) });
  return {
    async getLockoutPolicy(_request, context) {
      const view = await getLockout(app, scopeOf(context));
      return create(GetLockoutPolicyResponseSchema, {
        policy: v1LockoutPolicy(view),
        isDefault: view.isDefault,
      });
    },

    async getDefaultLockoutPolicy() {
      const view = await getLockout(app, "instance");
      return create(GetDefaultLockoutPolicyResponseSchema, {
        policy: v1LockoutPolicy({ ...view, isDefault: true }),
      });
    },

    async addCustomLockoutPolicy(request, context) {
      const details = await addLockout(app, scopeOf(context), lockoutOf(request));
      return create(AddCustomLockoutPolicyResponseSchema, { details: v1AddDetails(details) });
    },

    async updateCustomLockoutPolicy(request, context) {
      const details = await changeLockout(app, scopeOf(context), lockoutOf(request));
      return create(UpdateCustomLockoutPolicyResponseSchema, { details: v1ChangeDetails(details) });
    },

    async resetLockoutPolicyToDefault(_request, context) {
      const details = await removeLockout(app, scopeOf(context));
      return create(ResetLockoutPolicyToDefaultResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}
