import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import * as knownSessionV2 from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import * as knownSessionV2beta from "@zitadel/proto/zitadel/session/v2beta/session_service_pb.js";
import * as knownSettingsV2 from "@zitadel/proto/zitadel/settings/v2/settings_service_pb.js";
import * as knownUserV2 from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import * as knownUserV2beta from "@zitadel/proto/zitadel/user/v2beta/user_service_pb.js";
import { SessionService as SessionV2 } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SessionService as SessionV2beta } from "../../gen/zitadel/session/v2beta/session_service_pb.js";
import { SettingsService as SettingsV2 } from "../../gen/zitadel/settings/v2/settings_service_pb.js";
import { UserService as UserV2 } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserV2beta } from "../../gen/zitadel/user/v2beta/user_service_pb.js";
import { people, refusalsOf, type ServiceRefusals, tooLarge } from "./refusals.ts";

const { AlreadyExists, FailedPrecondition, InvalidArgument, NotFound } = Code;
const { withoutPhone, pending, verified, enrolled, inactive } = people;

const human = {
  profile: { givenName: "Ada", familyName: "Lovelace" },
  email: { email: "ada@example.com" },
} as const;
const ofNobody = { userId: "nobody" };
const of = ({ id }: { readonly id: string }): { readonly userId: string } => ({ userId: id });
const challenge = { challenges: { otpSms: {} } } as const;

/** All services of v2 and v2beta. */
export const refusalsV2: readonly ServiceRefusals[] = [
  refusalsOf(UserV2, knownUserV2.UserService, {
    createUser: [
      FailedPrecondition,
      "COMMAND-7yiox1isql",
      { ...of(verified), organizationId: "default", userType: { case: "human", value: human } },
    ],
    addHumanUser: [InvalidArgument, "PHONE-so0wa", { ...human, phone: { phone: "not a number" } }],
    getUserByID: [NotFound, "QUERY-Dfbg2", ofNobody],
    listUsers: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
    setPhone: [FailedPrecondition, "COMMAND-Uch5e", { ...of(verified), phone: verified.number }],
    removePhone: [NotFound, "COMMAND-ieJ2e", ofNobody],
    resendPhoneCode: [FailedPrecondition, "PHONE-5xrra88eq8", of(verified)],
    verifyPhone: [InvalidArgument, "COMMAND-eis9R", { ...of(pending), verificationCode: "wrong1" }],
    updateUser: [
      InvalidArgument,
      "USERv2-4f3d6",
      {
        ...of(verified),
        userType: {
          case: "human",
          value: { phone: { phone: "", verification: { case: "sendCode", value: {} } } },
        },
      },
    ],
    updateHumanUser: [InvalidArgument, "PHONE-so0wa", { ...of(verified), phone: { phone: "not a number" } }],
    deactivateUser: [FailedPrecondition, "COMMAND-5gunjw0cd7", of(inactive)],
    reactivateUser: [FailedPrecondition, "COMMAND-s5qqcz97hf", of(verified)],
    lockUser: [FailedPrecondition, "COMMAND-lgws8wtsqf", of(inactive)],
    unlockUser: [FailedPrecondition, "COMMAND-olb9vb0oca", of(verified)],
    deleteUser: [NotFound, "COMMAND-bd4ir1mblj", ofNobody],
    addOTPSMS: [FailedPrecondition, "COMMAND-Q54j2", of(withoutPhone)],
    removeOTPSMS: [NotFound, "COMMAND-Sr3h3", of(verified)],
    listAuthenticationMethodTypes: [NotFound, "QUERY-Dfbg2", ofNobody],
    listAuthenticationFactors: [NotFound, "QUERY-Dfbg2", ofNobody],
    humanMFAInitSkipped: [NotFound, "COMMAND-ugjs0upun6", ofNobody],
    addPersonalAccessToken: [
      FailedPrecondition,
      "COMMAND-Df2f1",
      { ...of(verified), expirationDate: timestampFromMs(4_000_000_000_000) },
    ],
    removePersonalAccessToken: [NotFound, "COMMAND-4m77G", { ...of(verified), tokenId: "none" }],
    listPersonalAccessTokens: [InvalidArgument, "QUERY-4M0fs", { pagination: tooLarge }],
  }),

  refusalsOf(UserV2beta, knownUserV2beta.UserService, {
    addHumanUser: [FailedPrecondition, "COMMAND-7yiox1isql", { ...human, ...of(verified) }],
    getUserByID: [NotFound, "QUERY-Dfbg2", ofNobody],
    listUsers: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
    setPhone: [InvalidArgument, "PHONE-so0wa", { ...of(verified), phone: "not a number" }],
    removePhone: [NotFound, "COMMAND-ieJ2e", ofNobody],
    resendPhoneCode: [FailedPrecondition, "PHONE-5xrra88eq8", of(withoutPhone)],
    verifyPhone: [InvalidArgument, "COMMAND-eis9R", { ...of(verified), verificationCode: "wrong1" }],
    updateHumanUser: [
      InvalidArgument,
      "USERv2-4f3d6",
      { ...of(verified), phone: { phone: "", verification: { case: "isVerified", value: true } } },
    ],
    deactivateUser: [NotFound, "COMMAND-5gp2p62iin", ofNobody],
    reactivateUser: [NotFound, "COMMAND-9hy5kzbuk6", ofNobody],
    lockUser: [NotFound, "COMMAND-450yxuqrh1", ofNobody],
    unlockUser: [NotFound, "COMMAND-x377t913pw", ofNobody],
    deleteUser: [NotFound, "COMMAND-bd4ir1mblj", ofNobody],
    addOTPSMS: [AlreadyExists, "COMMAND-Ad3g2", of(enrolled)],
    removeOTPSMS: [NotFound, "COMMAND-Sr3h3", of(verified)],
    listAuthenticationMethodTypes: [NotFound, "QUERY-Dfbg2", ofNobody],
  }),

  refusalsOf(SessionV2, knownSessionV2.SessionService, {
    createSession: [FailedPrecondition, "COMMAND-JKL3g", challenge],
    setSession: [NotFound, "COMMAND-Flk38", { sessionId: "none", ...challenge }],
    getSession: [NotFound, "QUERY-SFeaa", { sessionId: "none" }],
    deleteSession: [NotFound, "COMMAND-Flk38", { sessionId: "none" }],
    listSessions: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
  }),

  refusalsOf(SessionV2beta, knownSessionV2beta.SessionService, {
    createSession: [
      FailedPrecondition,
      "COMMAND-BJ2g3",
      { checks: { user: { search: { case: "userId", value: verified.id } } }, ...challenge },
    ],
    setSession: [NotFound, "COMMAND-Flk38", { sessionId: "none", ...challenge }],
    getSession: [NotFound, "QUERY-SFeaa", { sessionId: "none" }],
    deleteSession: [NotFound, "COMMAND-Flk38", { sessionId: "none" }],
    listSessions: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
  }),

  refusalsOf(SettingsV2, knownSettingsV2.SettingsService, {
    getLockoutSettings: [NotFound, "AUTHZ-cdgFk", {}, "verified"],
  }),
];
