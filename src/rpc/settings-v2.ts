import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  GetLockoutSettingsResponseSchema,
  type SettingsService,
} from "../../gen/zitadel/settings/v2/settings_service_pb.js";
import { ResourceOwnerType } from "../../gen/zitadel/settings/v2/lockout_settings_pb.js";
import type { AppContext } from "../app/context.ts";
import { getLockout } from "../app/lockout.ts";
import { v2SettingDetails } from "./details.ts";
import { policyOrganizationOf } from "./gate.ts";

/** zitadel.settings.v2.SettingsService. */
export function settingsV2(app: AppContext): ServiceImpl<typeof SettingsService> {
  return {
    async getLockoutSettings({ ctx }, context) {
      const owner = ctx?.resourceOwner;
      const organizationId = policyOrganizationOf(context, owner?.case === "orgId" ? owner.value : "");
      const scope = owner?.case === "instance" ? "instance" : { organizationId };
      const { policy, details, isDefault } = await getLockout(app, scope);
      return create(GetLockoutSettingsResponseSchema, {
        details: v2SettingDetails(details),
        settings: {
          maxPasswordAttempts: BigInt(policy.maxPasswordAttempts),
          maxOtpAttempts: BigInt(policy.maxOtpAttempts),
          resourceOwnerType: isDefault ? ResourceOwnerType.INSTANCE : ResourceOwnerType.ORG,
        },
      });
    },
  };
}
