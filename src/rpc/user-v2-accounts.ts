import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddHumanUserResponseSchema,
  type CreateUserRequest_Human,
  CreateUserResponseSchema,
  DeactivateUserResponseSchema,
  DeleteUserResponseSchema,
  GetUserByIDResponseSchema,
  ListUsersResponseSchema,
  LockUserResponseSchema,
  ReactivateUserResponseSchema,
  UnlockUserResponseSchema,
  UpdateHumanUserResponseSchema,
  UpdateUserResponseSchema,
  type UserService,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import {
  addHumanUser,
  addMachineUser,
  changeHumanUser,
  type ChangeHumanUserCommand,
  changeMachineUser,
  changeUserName,
  type ChangeUserReply,
  deactivateUser,
  deleteUser,
  getUser,
  lockUser,
  reactivateUser,
  unlockUser,
} from "../app/account.ts";
import type { AppContext } from "../app/context.ts";
import { detailsOf } from "../app/details.ts";
import { listUsers } from "../app/user-list.ts";
import { v2Accounts } from "../domain/generations.ts";
import { codeRequestOf } from "./code-request.ts";
import { v2ChangeDetails, v2ListDetails, v2ViewDetails } from "./details.ts";
import { callerOf, organizationOf } from "./gate.ts";
import {
  emailOf,
  metadataOf,
  organizationIdOf,
  phoneChangeOf,
  phoneOf,
  profileChangeOf,
  profileOf,
} from "./human-user.ts";
import { noLinks, noPasswords, onlySms, refusePresent } from "./refused-fields.ts";
import { present } from "./present.ts";
import { requiredOneof } from "./required.ts";
import { userSearch } from "./user-queries.ts";
import { v2User } from "./users.ts";

type Methods = Pick<
  ServiceImpl<typeof UserService>,
  | "createUser"
  | "addHumanUser"
  | "getUserByID"
  | "listUsers"
  | "updateUser"
  | "updateHumanUser"
  | "deactivateUser"
  | "reactivateUser"
  | "lockUser"
  | "unlockUser"
  | "deleteUser"
>;

/** zitadel.user.v2.UserService: accounts. */
export function accountsV2(app: AppContext): Methods {
  return {
    async createUser(request, context) {
      const { organizationId, userId, username: userName, userType } = request;
      const caller = callerOf(context);
      const user = requiredOneof(userType, "CreateUserRequest.user_type");
      const common = { organizationId, userId, userName };
      const added =
        user.case === "human"
          ? await addHumanUser(app, caller, { ...codeRequestOf(context), ...common, ...humanOf(user.value) })
          : await addMachineUser(app, caller, {
              ...common,
              name: user.value.name,
              description: user.value.description ?? "",
            });
      return create(CreateUserResponseSchema, {
        id: added.userId,
        creationDate: timestampFromMs(added.details.createdMs),
        phoneCode: added.phoneCode,
      });
    },

    async addHumanUser(request, context) {
      const { userId, details, phoneCode } = await addHumanUser(app, callerOf(context), {
        ...codeRequestOf(context),
        userId: request.userId,
        organizationId: organizationIdOf(request.organization) ?? organizationOf(context),
        userName: request.username,
        ...humanOf(request),
      });
      return create(AddHumanUserResponseSchema, { userId, details: v2ViewDetails(details), phoneCode });
    },

    async getUserByID({ userId }, context) {
      const loaded = await getUser(app, callerOf(context), { userId });
      return create(GetUserByIDResponseSchema, {
        details: v2ViewDetails(detailsOf(loaded)),
        user: v2User(loaded),
      });
    },

    async listUsers(request, context) {
      const page = await listUsers(app, callerOf(context), userSearch(request));
      return create(ListUsersResponseSchema, {
        details: v2ListDetails(page),
        sortingColumn: request.sortingColumn,
        result: page.items.map(v2User),
      });
    },

    async updateUser(request, context) {
      const { userId, username: userName, userType } = request;
      const caller = callerOf(context);
      const named = { userId, ...present({ userName }) };
      const change = (): Promise<ChangeUserReply> => {
        switch (userType.case) {
          case "human":
            return changeHumanUser(app, caller, {
              ...codeRequestOf(context),
              ...named,
              ...humanChangeOf(userType.value, "human.password"),
              // Only here: UpdateHumanUser leaves the number.
              ...(userType.value.phone?.phone === "" && { phone: "removed" }),
            });
          case "machine": {
            const { name, description } = userType.value;
            return changeMachineUser(app, caller, { ...named, ...present({ name, description }) });
          }
          case undefined:
            return changeUserName(app, caller, named);
        }
      };
      const { details, phoneCode } = await change();
      return create(UpdateUserResponseSchema, {
        changeDate: timestampFromMs(details.changedMs),
        phoneCode,
      });
    },

    async updateHumanUser(request, context) {
      const { userId, username: userName } = request;
      const { details, phoneCode } = await changeHumanUser(app, callerOf(context), {
        ...codeRequestOf(context),
        userId,
        ...present({ userName }),
        ...humanChangeOf(request, "password"),
      });
      return create(UpdateHumanUserResponseSchema, { details: v2ChangeDetails(details), phoneCode });
    },

    async deactivateUser({ userId }, context) {
      const details = await deactivateUser(app, callerOf(context), { userId }, v2Accounts.deactivate);
      return create(DeactivateUserResponseSchema, { details: v2ChangeDetails(details) });
    },

    async reactivateUser({ userId }, context) {
      const details = await reactivateUser(app, callerOf(context), { userId }, v2Accounts.reactivate);
      return create(ReactivateUserResponseSchema, { details: v2ChangeDetails(details) });
    },

    async lockUser({ userId }, context) {
      const details = await lockUser(app, callerOf(context), { userId }, v2Accounts.lock);
      return create(LockUserResponseSchema, { details: v2ChangeDetails(details) });
    },

    async unlockUser({ userId }, context) {
      const details = await unlockUser(app, callerOf(context), { userId }, v2Accounts.unlock);
      return create(UnlockUserResponseSchema, { details: v2ChangeDetails(details) });
    },

    async deleteUser({ userId }, context) {
      const details = await deleteUser(app, callerOf(context), { userId }, v2Accounts.remove);
      return create(DeleteUserResponseSchema, { details: v2ChangeDetails(details) });
    },
  };
}

/** As CreateUser and AddHumanUser carry it, in messages of different names. */
interface NewHuman extends Pick<
  CreateUserRequest_Human,
  "profile" | "email" | "phone" | "passwordType" | "idpLinks" | "totpSecret"
> {
  readonly metadata: Parameters<typeof metadataOf>[0];
}

/** @throws DomainError naming the first field that cannot be honored */
function humanOf({ profile, email, phone, metadata, passwordType, idpLinks, totpSecret }: NewHuman) {
  const { case: kind, value: secret } = passwordType;
  refusePresent(
    {
      password: kind === "password" && secret,
      hashed_password: kind === "hashedPassword" && secret,
    },
    noPasswords,
  );
  refusePresent({ idp_links: idpLinks }, noLinks);
  refusePresent({ totp_secret: totpSecret }, onlySms);
  return {
    profile: profileOf(profile),
    email: emailOf(email),
    phone: phoneOf(phone),
    metadata: metadataOf(metadata),
  };
}

/** As UpdateUser and UpdateHumanUser carry it, in messages of different names. */
interface HumanChange {
  readonly profile?: Parameters<typeof profileChangeOf>[0] | undefined;
  readonly email?: Parameters<typeof emailOf>[0];
  readonly phone?: Parameters<typeof phoneChangeOf>[0];
  readonly password?: unknown;
}

/**
 * @param passwordField its name in the request
 * @throws DomainError naming the first field that cannot be honored
 */
function humanChangeOf(
  { profile, email, phone, password }: HumanChange,
  passwordField: string,
): Partial<ChangeHumanUserCommand> {
  refusePresent({ [passwordField]: password }, noPasswords);
  return present<ChangeHumanUserCommand>({
    profile: profile && profileChangeOf(profile),
    email: email && emailOf(email),
    phone: phoneChangeOf(phone),
  });
}
