import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  UserSchema as V1Schema,
  type User as V1User,
  UserState as V1State,
} from "../../gen/zitadel/user/v1/user_pb.js";
import {
  type HumanUserSchema,
  UserSchema as V2Schema,
  type User as V2User,
  UserState as V2State,
} from "../../gen/zitadel/user/v2/user_pb.js";
import { State as V3State } from "../../gen/zitadel/resources/user/v3alpha/state_pb.js";
import {
  GetUserSchema as V3Schema,
  type GetUser as V3User,
} from "../../gen/zitadel/resources/user/v3alpha/user_pb.js";
import { detailsOf } from "../app/details.ts";
import type { LoadedUser } from "../app/user-kind.ts";
import type { Profile, UserSchema } from "../domain/user-events.ts";
import type { UserState, UserStatus } from "../domain/user-state.ts";
import { v1ViewDetails, v2ViewDetails, v3Details } from "./details.ts";

/** A user as each generation shows it. */

const v1States: Readonly<Record<UserStatus, V1State>> = {
  active: V1State.ACTIVE,
  inactive: V1State.INACTIVE,
  locked: V1State.LOCKED,
  removed: V1State.DELETED,
};
const v2States: Readonly<Record<UserStatus, V2State>> = {
  active: V2State.ACTIVE,
  inactive: V2State.INACTIVE,
  locked: V2State.LOCKED,
  removed: V2State.DELETED,
};

const v3States: Readonly<Record<UserStatus, V3State>> = {
  active: V3State.USER_STATE_ACTIVE,
  inactive: V3State.USER_STATE_INACTIVE,
  locked: V3State.USER_STATE_LOCKED,
  removed: V3State.USER_STATE_DELETED,
};

export function v1User(loaded: LoadedUser): V1User {
  const { state: user } = loaded;
  const { email, phone } = user;
  const { givenName: firstName, familyName: lastName, ...others } = profileOf(user);
  return create(V1Schema, {
    id: user.id,
    details: v1ViewDetails(detailsOf(loaded)),
    state: v1States[user.status],
    userName: user.userName,
    loginNames: loginNamesOf(user),
    preferredLoginName: user.userName,
    type:
      user.kind === "machine"
        ? { case: "machine", value: machineOf(user) }
        : {
            case: "human",
            value: {
              profile: { firstName, lastName, ...others },
              email: { email: email.address, isEmailVerified: email.isVerified },
              phone: { phone: phone?.number ?? "", isPhoneVerified: phone?.isVerified ?? false },
            },
          },
  });
}

export function v2User(loaded: LoadedUser): V2User {
  const { state: user } = loaded;
  return create(V2Schema, {
    userId: user.id,
    details: v2ViewDetails(detailsOf(loaded)),
    state: v2States[user.status],
    username: user.userName,
    loginNames: loginNamesOf(user),
    preferredLoginName: user.userName,
    type:
      user.kind === "machine"
        ? { case: "machine", value: machineOf(user) }
        : { case: "human", value: humanV2(user) },
  });
}

/** Its id and names are those of the user around it, and not told twice. */
function humanV2(user: UserState): MessageInitShape<typeof HumanUserSchema> {
  const { email, phone, mfaInitSkippedMs } = user;
  return {
    profile: profileOf(user),
    email: { email: email.address, isVerified: email.isVerified },
    // Always there, empty when unset.
    phone: { phone: phone?.number ?? "", isVerified: phone?.isVerified ?? false },
    mfaInitSkipped: mfaInitSkippedMs === undefined ? undefined : timestampFromMs(mfaInitSkippedMs),
  };
}

/** A language that nobody told is "und" (BCP 47), which may be written back as it is; an empty one may not. */
function profileOf({ profile }: UserState): Profile {
  return { ...profile, preferredLanguage: profile.preferredLanguage || "und" };
}

/** There need not be any: v3 adds users without a name. */
function loginNamesOf({ userName }: UserState): string[] {
  return userName === "" ? [] : [userName];
}

function machineOf({ profile, description = "" }: UserState): { name: string; description: string } {
  return { name: profile.displayName, description };
}

export function v3User(loaded: LoadedUser): V3User {
  const { state: user } = loaded;
  const { schema, email, phone, registrations } = user;
  return create(V3Schema, {
    details: v3Details(user.id, detailsOf(loaded)),
    schema: { id: schema?.schemaId ?? "" },
    data: dataOf(schema),
    contact: {
      email: email.address === "" ? undefined : email,
      phone: phone && { number: phone.number, isVerified: phone.isVerified },
    },
    authenticators: {
      usernames:
        user.userName === ""
          ? []
          : [{ usernameId: user.id, username: user.userName, isOrganizationSpecific: true }],
      otpSms: Object.entries(registrations).map(([otpSmsId, { number, isVerified }]) => ({
        otpSmsId,
        phone: number,
        isVerified,
      })),
    },
    state: v3States[user.status],
  });
}

/** It came as a Struct. */
function dataOf(schema: UserSchema | undefined): JsonObject {
  return (schema?.data ?? {}) as JsonObject; // plain JSON, as UserSchema says
}
