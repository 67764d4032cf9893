import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type RoleService, SetRolesResponseSchema } from "../../gen/ringback/role/v1/role_service_pb.js";
import { setRoles } from "../app/roles.ts";
import type { AppContext } from "../app/context.ts";
import { callerOf } from "./gate.ts";

/** ringback.role.v1.RoleService. */
export function roleV1(app: AppContext): ServiceImpl<typeof RoleService> {
  return {
    async setRoles(request, context) {
      const { userId, roles } = request;
      return create(SetRolesResponseSchema, {
        roles: [...(await setRoles(app, callerOf(context), { userId, roles }))],
      });
    },
  };
}
