import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RoleService } from "../../../gen/ringback/role/v1/role_service_pb.js";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as BetaUserService } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import type { EitherService } from "./either-service.ts";
import { type EventType, ok, refused, rowsOf, type Scenario } from "./scenario.ts";

/** Users with a role are shut out by those only who could take the role away, in every generation. */

async function withRole(world: World): Promise<TestUser> {
  const user = await world.user();
  await world.asAdmin(RoleService.method.setRoles, { userId: user.id, roles: ["ORG_OWNER"] });
  return user;
}

function rowsFor<I extends DescMessage>(
  service: string,
  method: DescMethodUnary<I>,
  event: EventType,
  input: (user: TestUser) => MessageInitShape<I>,
): readonly Scenario[] {
  const row = rowsOf(`${service} ${method.name}`, method);
  return [
    ...(["IAM_USER_MANAGER", "ORG_OWNER", "ORG_USER_MANAGER"] as const).map((caller) =>
      row({
        name: `a user with a role, by ${caller}`,
        given: withRole,
        caller,
        input,
        expect: refused(Code.PermissionDenied, "AUTH-AWfge", "iam.write"),
      }),
    ),
    ...(["IAM_OWNER", "self"] as const).map((caller) =>
      row({
        name: `a user with a role, by ${caller}`,
        given: withRole,
        caller,
        input,
        expect: ok(),
        effect: [event],
      }),
    ),
  ];
}

function rowsOfService(
  service: string,
  { deactivateUser, lockUser, deleteUser }: EitherService<typeof UserService, typeof BetaUserService>,
): readonly Scenario[] {
  const byId = ({ id: userId }: TestUser) => ({ userId });
  return [
    ...rowsFor(service, deactivateUser, "user.deactivated", byId),
    ...rowsFor(service, lockUser, "user.locked", byId),
    ...rowsFor(service, deleteUser, "user.removed", byId),
  ];
}

const { method: v1 } = ManagementService;
const { method: v3 } = ZITADELUsers;
const byId = ({ id }: TestUser) => ({ id });

export const roleHolders: readonly Scenario[] = [
  ...rowsFor("management.v1", v1.deactivateUser, "user.deactivated", byId),
  ...rowsFor("management.v1", v1.lockUser, "user.locked", byId),
  ...rowsFor("management.v1", v1.removeUser, "user.removed", byId),
  ...rowsOfService("user.v2", UserService.method),
  ...rowsOfService("user.v2beta", BetaUserService.method),
  ...rowsFor("resources.user.v3alpha", v3.deactivateUser, "user.deactivated", byId),
  ...rowsFor("resources.user.v3alpha", v3.lockUser, "user.locked", byId),
  ...rowsFor("resources.user.v3alpha", v3.deleteUser, "user.removed", byId),
];
