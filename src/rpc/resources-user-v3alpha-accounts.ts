import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { SetAuthenticators } from "../../gen/zitadel/resources/user/v3alpha/authenticator_pb.js";
import type { SetContact } from "../../gen/zitadel/resources/user/v3alpha/user_pb.js";
import {
  ActivateUserResponseSchema,
  CreateUserResponseSchema,
  DeactivateUserResponseSchema,
  DeleteUserResponseSchema,
  GetUserResponseSchema,
  LockUserResponseSchema,
  PatchUserResponseSchema,
  SearchUsersResponseSchema,
  UnlockUserResponseSchema,
  type ZITADELUsers,
} from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import {
  addHumanUser,
  changeHumanUser,
  type ChangeHumanUserCommand,
  deactivateUser,
  deleteUser,
  getUser,
  lockUser,
  reactivateUser,
  unlockUser,
} from "../app/account.ts";
import type { AppContext } from "../app/context.ts";
import { listUsers } from "../app/user-list.ts";
import { v2Accounts } from "../domain/generations.ts";
import { codeRequestOf } from "./code-request.ts";
import { v3Details, v3ListDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { emailOf, phoneOf, profileOf } from "./human-user.ts";
import { noPasswords, oneInstance, refuseField, refusePresent } from "./refused-fields.ts";
import { boundedData } from "./plain-data.ts";
import { present } from "./present.ts";
import { required } from "./required.ts";
import { userFilterSearch } from "./user-filters-v3alpha.ts";
import { organizationIn, userRefOf } from "./user-ref-v3alpha.ts";
import { v3User } from "./users.ts";

type Methods = Pick<
  ServiceImpl<typeof ZITADELUsers>,
  | "searchUsers"
  | "getUser"
  | "createUser"
  | "patchUser"
  | "deactivateUser"
  | "activateUser"
  | "lockUser"
  | "unlockUser"
  | "deleteUser"
>;

/** zitadel.resources.user.v3alpha.ZITADELUsers: accounts. */
export function accountsV3(app: AppContext): Methods {
  return {
    async searchUsers(request, context) {
      refusePresent({ instance: request.instance }, oneInstance);
      const search = userFilterSearch(request);
      const page = await listUsers(app, callerOf(context), search);
      return create(SearchUsersResponseSchema, {
        details: v3ListDetails(page, search.limit),
        result: page.items.map(v3User),
      });
    },

    async getUser(request, context) {
      const loaded = await getUser(app, callerOf(context), userRefOf(request));
      return create(GetUserResponseSchema, { user: v3User(loaded) });
    },

    async createUser(request, context) {
      const user = required(request.user, "CreateUserRequest.user");
      const { schemaId, data = {}, contact, authenticators, userId } = user;
      const { email, phone } = contactOf(contact);
      const added = await addHumanUser(app, callerOf(context), {
        ...codeRequestOf(context),
        userId,
        organizationId: organizationIn(request),
        userName: userNameOf(authenticators),
        profile: profileOf(undefined),
        email: email ?? emailOf(undefined),
        metadata: [],
        schema: { schemaId, data: boundedData("user.data", data) },
        phone,
      });
      return create(CreateUserResponseSchema, {
        details: v3Details(added.userId, added.details),
        phoneCode: added.phoneCode,
      });
    },

    async patchUser(request, context) {
      const { schemaId, data, contact } = required(request.user, "PatchUserRequest.user");
      const { details, phoneCode } = await changeHumanUser(app, callerOf(context), {
        ...codeRequestOf(context),
        ...userRefOf(request),
        ...present<ChangeHumanUserCommand>({
          schema: present({ schemaId, data: data && boundedData("user.data", data) }),
          ...contactOf(contact),
        }),
      });
      return create(PatchUserResponseSchema, {
        details: v3Details(request.id, details),
        phoneCode,
      });
    },

    async deactivateUser(request, context) {
      const details = await deactivateUser(app, callerOf(context), userRefOf(request), v2Accounts.deactivate);
      return create(DeactivateUserResponseSchema, { details: v3Details(request.id, details) });
    },

    async activateUser(request, context) {
      const details = await reactivateUser(app, callerOf(context), userRefOf(request), v2Accounts.reactivate);
      return create(ActivateUserResponseSchema, { details: v3Details(request.id, details) });
    },

    async lockUser(request, context) {
      const details = await lockUser(app, callerOf(context), userRefOf(request), v2Accounts.lock);
      return create(LockUserResponseSchema, { details: v3Details(request.id, details) });
    },

    async unlockUser(request, context) {
      const details = await unlockUser(app, callerOf(context), userRefOf(request), v2Accounts.unlock);
      return create(UnlockUserResponseSchema, { details: v3Details(request.id, details) });
    },

    async deleteUser(request, context) {
      const details = await deleteUser(app, callerOf(context), userRefOf(request), v2Accounts.remove);
      return create(DeleteUserResponseSchema, { details: v3Details(request.id, details) });
    },
  };
}

function contactOf(contact: SetContact | undefined) {
  const { email, phone } = contact ?? {};
  return {
    email: email && emailOf({ email: email.address, verification: email.verification }),
    phone: phone && phoneOf({ phone: phone.number, verification: phone.verification }),
  };
}

/** @throws DomainError for a password, or for more than one user name */
function userNameOf(authenticators: SetAuthenticators | undefined): string | undefined {
  refusePresent({ "user.authenticators.password": authenticators?.password }, noPasswords);
  const [first, ...others] = authenticators?.usernames ?? [];
  if (others.length > 0) refuseField("user.authenticators.usernames", "a user has one user name here");
  return first?.username;
}
