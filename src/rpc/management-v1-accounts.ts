import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AddHumanUserRequest,
  AddHumanUserResponseSchema,
  DeactivateUserResponseSchema,
  GetUserByIDResponseSchema,
  type ImportHumanUserRequest,
  ImportHumanUserResponseSchema,
  ListUsersResponseSchema,
  LockUserResponseSchema,
  type ManagementService,
  ReactivateUserResponseSchema,
  RemoveUserResponseSchema,
  UnlockUserResponseSchema,
} from "../../gen/zitadel/management/v1/management_service_pb.js";
import {
  type AddHumanUserCommand,
  addHumanUser,
  deactivateUser,
  deleteUser,
  getUser,
  lockUser,
  reactivateUser,
  unlockUser,
} from "../app/account.ts";
import type { AppContext } from "../app/context.ts";
import { listUsers } from "../app/user-list.ts";
import { v1Accounts } from "../domain/generations.ts";
import { codeRequestOf } from "./code-request.ts";
import { v1AddDetails, v1ChangeDetails, v1ListDetails } from "./details.ts";
import { callerOf, organizationOf, userIn } from "./gate.ts";
import { profileOf } from "./human-user.ts";
import { noLinks, noPasswords, onlySms, refusePresent } from "./refused-fields.ts";
import { oneOf, userSearch } from "./user-queries.ts";
import { v1User } from "./users.ts";

type Methods = Pick<
  ServiceImpl<typeof ManagementService>,
  | "getUserByID"
  | "listUsers"
  | "addHumanUser"
  | "importHumanUser"
  | "deactivateUser"
  | "reactivateUser"
  | "lockUser"
  | "unlockUser"
  | "removeUser"
>;

/** zitadel.management.v1.ManagementService: accounts. */
export function managementAccountsV1(app: AppContext): Methods {
  return {
    async getUserByID({ id }, context) {
      const loaded = await getUser(app, callerOf(context), userIn(context, id));
      return create(GetUserByIDResponseSchema, { user: v1User(loaded) });
    },

    async listUsers(request, context) {
      const search = userSearch(request);
      const inside = oneOf("organizationId", [organizationOf(context)]);
      const page = await listUsers(app, callerOf(context), {
        ...search,
        where: { kind: "all", of: [inside, search.where] },
      });
      return create(ListUsersResponseSchema, {
        details: v1ListDetails(page),
        sortingColumn: request.sortingColumn,
        result: page.items.map(v1User),
      });
    },

    async addHumanUser(request, context) {
      refusePresent({ initial_password: request.initialPassword }, noPasswords);
      const { userId, details } = await addHumanUser(app, callerOf(context), humanOf(request, context));
      return create(AddHumanUserResponseSchema, { userId, details: v1AddDetails(details) });
    },

    async importHumanUser(request, context) {
      const { password, hashedPassword, passwordChangeRequired, requestPasswordlessRegistration } = request;
      refusePresent(
        {
          password,
          hashed_password: hashedPassword,
          password_change_required: passwordChangeRequired,
          request_passwordless_registration: requestPasswordlessRegistration,
        },
        noPasswords,
      );
      refusePresent({ otp_code: request.otpCode }, onlySms);
      refusePresent({ idps: request.idps }, noLinks);
      const { userId, details } = await addHumanUser(app, callerOf(context), humanOf(request, context));
      return create(ImportHumanUserResponseSchema, { userId, details: v1AddDetails(details) });
    },

    async deactivateUser({ id }, context) {
      const details = await deactivateUser(
        app,
        callerOf(context),
        userIn(context, id),
        v1Accounts.deactivate,
      );
      return create(DeactivateUserResponseSchema, { details: v1ChangeDetails(details) });
    },

    async reactivateUser({ id }, context) {
      const details = await reactivateUser(
        app,
        callerOf(context),
        userIn(context, id),
        v1Accounts.reactivate,
      );
      return create(ReactivateUserResponseSchema, { details: v1ChangeDetails(details) });
    },

    async lockUser({ id }, context) {
      const details = await lockUser(app, callerOf(context), userIn(context, id), v1Accounts.lock);
      return create(LockUserResponseSchema, { details: v1ChangeDetails(details) });
    },

    async unlockUser({ id }, context) {
      const details = await unlockUser(app, callerOf(context), userIn(context, id), v1Accounts.unlock);
      return create(UnlockUserResponseSchema, { details: v1ChangeDetails(details) });
    },

    async removeUser({ id }, context) {
      const details = await deleteUser(app, callerOf(context), userIn(context, id), v1Accounts.remove);
      return create(RemoveUserResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}

/** An unverified number gets its code by SMS. */
function humanOf(
  request: AddHumanUserRequest | ImportHumanUserRequest,
  context: HandlerContext,
): AddHumanUserCommand {
  const { userName, profile, email, phone } = request;
  const { firstName = "", lastName = "", ...others } = profile ?? {};
  return {
    ...codeRequestOf(context),
    organizationId: organizationOf(context),
    userName,
    profile: profileOf({ ...others, givenName: firstName, familyName: lastName }),
    email: { address: email?.email ?? "", isVerified: email?.isEmailVerified ?? false },
    metadata: [],
    phone: phone && {
      number: phone.phone,
      verification: phone.isPhoneVerified ? "is_verified" : "send_code",
    },
  };
}
