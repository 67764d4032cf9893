import { Code } from "@connectrpc/connect";
import { ZITADELUsers as KnownUsers } from "@zitadel/proto/zitadel/resources/user/v3alpha/user_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { people, refusalsOf, type ServiceRefusals, tooLarge } from "./refusals.ts";

const { FailedPrecondition, InvalidArgument, NotFound } = Code;
const { pending, verified, inactive } = people;

const nobody = { id: "nobody" };

/** The resource API. The older zitadel.user.v3alpha.UserService is in no package any more. */
export const refusalsV3alpha: readonly ServiceRefusals[] = [
  refusalsOf(ZITADELUsers, KnownUsers, {
    searchUsers: [InvalidArgument, "QUERY-4M0fs", { query: tooLarge }],
    getUser: [NotFound, "QUERY-Dfbg2", nobody],
    createUser: [
      InvalidArgument,
      "PHONE-so0wa",
      {
        organization: { property: { case: "orgId", value: "default" } },
        user: { schemaId: "people", contact: { phone: { number: "not a number" } } },
      },
    ],
    patchUser: [
      InvalidArgument,
      "PHONE-so0wa",
      { id: verified.id, user: { contact: { phone: { number: "not a number" } } } },
    ],
    deactivateUser: [FailedPrecondition, "COMMAND-5gunjw0cd7", { id: inactive.id }],
    activateUser: [FailedPrecondition, "COMMAND-s5qqcz97hf", { id: verified.id }],
    lockUser: [FailedPrecondition, "COMMAND-lgws8wtsqf", { id: inactive.id }],
    unlockUser: [FailedPrecondition, "COMMAND-olb9vb0oca", { id: verified.id }],
    deleteUser: [NotFound, "COMMAND-bd4ir1mblj", nobody],
    setContactPhone: [NotFound, "COMMAND-b33QAVgel6", { ...nobody, phone: { number: verified.number } }],
    verifyContactPhone: [InvalidArgument, "CODE-woT0xc", { id: pending.id, verificationCode: "wrong1" }],
    resendContactPhoneCode: [FailedPrecondition, "COMMAND-fEsHdqECzb", { id: verified.id }],
    addOTPSMSAuthenticator: [
      InvalidArgument,
      "PHONE-so0wa",
      { id: verified.id, phone: { number: "not a number" } },
    ],
    verifyOTPSMSRegistration: [
      NotFound,
      "COMMAND-Sr3h3",
      { id: verified.id, otpSmsId: "none", code: "12345678" },
    ],
    removeOTPSMSAuthenticator: [NotFound, "COMMAND-Sr3h3", { id: verified.id, otpSmsId: "none" }],
  }),
];
