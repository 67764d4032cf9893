import { create } from "@bufbuild/protobuf";
import {
  UserSchema as V1Schema,
  type User as V1User,
  UserState as V1State,
} from "../../gen/zitadel/user/v1/user_pb.js";
import {
  UserSchema as V2Schema,
  type User as V2User,
  UserState as V2State,
} from "../../gen/zitadel/user/v2/user_pb.js";
import { detailsOf } from "../app/context.ts";
import type { LoadedUser } from "../app/user-repository.ts";
import { v1ViewDetails, v2ViewDetails } from "./details.ts";

/** A user as each generation shows it. */

const v1States = { active: V1State.ACTIVE, locked: V1State.LOCKED, removed: V1State.DELETED } as const;
const v2States = { active: V2State.ACTIVE, locked: V2State.LOCKED, removed: V2State.DELETED } as const;

export function v1User(loaded: LoadedUser): V1User {
  const { user } = loaded;
  const { profile, email, phone } = user;
  return create(V1Schema, {
    id: user.id,
    details: v1ViewDetails(detailsOf(loaded)),
    state: v1States[user.status],
    userName: user.userName,
    loginNames: [user.userName],
    preferredLoginName: user.userName,
    type:
      user.kind === "machine"
        ? { case: "machine", value: { name: profile.displayName } }
        : {
            case: "human",
            value: {
              profile: {
                firstName: profile.givenName,
                lastName: profile.familyName,
                nickName: profile.nickName,
                displayName: profile.displayName,
                preferredLanguage: profile.preferredLanguage,
                gender: profile.gender,
              },
              email: { email: email.address, isEmailVerified: email.isVerified },
              phone: { phone: phone?.number ?? "", isPhoneVerified: phone?.isVerified ?? false },
            },
          },
  });
}

export function v2User(loaded: LoadedUser): V2User {
  const { user } = loaded;
  const { profile, email, phone } = user;
  const common = {
    userId: user.id,
    state: v2States[user.status],
    username: user.userName,
    loginNames: [user.userName],
    preferredLoginName: user.userName,
  };
  return create(V2Schema, {
    ...common,
    details: v2ViewDetails(detailsOf(loaded)),
    type:
      user.kind === "machine"
        ? { case: "machine", value: { name: profile.displayName } }
        : {
            case: "human",
            value: {
              ...common,
              profile: {
                givenName: profile.givenName,
                familyName: profile.familyName,
                nickName: profile.nickName,
                displayName: profile.displayName,
                preferredLanguage: profile.preferredLanguage,
                gender: profile.gender,
              },
              email: { email: email.address, isVerified: email.isVerified },
              // Always there, empty when unset.
              phone: { phone: phone?.number ?? "", isVerified: phone?.isVerified ?? false },
            },
          },
  });
}
