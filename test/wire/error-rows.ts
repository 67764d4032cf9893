import { type DescService, getOption } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DeliveryService } from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { permission } from "../../gen/ringback/options/v1/options_pb.js";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { TextService } from "../../gen/ringback/text/v1/text_service_pb.js";
import { TokenService } from "../../gen/ringback/token/v1/token_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { SessionService as SessionV2 } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SessionService as SessionV2beta } from "../../gen/zitadel/session/v2beta/session_service_pb.js";
import { SettingsService } from "../../gen/zitadel/settings/v2/settings_service_pb.js";
import { UserService as UserV2 } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserV2beta } from "../../gen/zitadel/user/v2beta/user_service_pb.js";
import { UserService as UserV3alpha } from "../../gen/zitadel/user/v3alpha/user_service_pb.js";

/** Upstream's error tables: every row, the error that it tells, and the methods that it is about. */

export interface ErrorRow {
  /** Unique: what it is about, and the situation. */
  readonly key: string;
  /** Undefined where upstream tells none. */
  readonly code: Code | undefined;
  /** Of the ErrorDetail; undefined for an error without one. */
  readonly id: string | undefined;
  /** As the names of scenarios begin; empty for what upstream keeps to itself. */
  readonly rpcs: readonly string[];
}

type Row = readonly [
  situation: string,
  code: Code | undefined,
  id: string | undefined,
  rpcs: readonly string[],
];

function table(about: string, rows: readonly Row[]): readonly ErrorRow[] {
  return rows.map(([situation, code, id, rpcs]) => ({ key: `${about}: ${situation}`, code, id, rpcs }));
}

const {
  InvalidArgument,
  FailedPrecondition,
  NotFound,
  AlreadyExists,
  PermissionDenied,
  Unauthenticated,
  ResourceExhausted,
} = Code;

// ------------------------------------------------------------------------------------------- the methods

const named =
  (...services: string[]) =>
  (...methods: string[]): readonly string[] =>
    services.flatMap((service) => methods.map((method) => `${service} ${method}`));

const auth = named("auth.v1");
const management = named("management.v1");
const admin = named("admin.v1");
const v2 = named("user.v2", "user.v2beta");
const session = named("session.v2", "session.v2beta");
const v3 = named("resources.user.v3alpha", "user.v3alpha");

/** The unary methods with an option that fits: "none", "authenticated", or a permission. */
function methodsOf(services: readonly DescService[], fits: (option: string) => boolean): readonly string[] {
  return services.flatMap(({ typeName, methods }) => {
    const [, service = ""] = /^(?:zitadel|ringback)\.(.+)\.\w+$/.exec(typeName) ?? [];
    return methods
      .filter((method) => method.methodKind === "unary" && fits(getOption(method, permission)))
      .map(({ name }) => `${service} ${name}`);
  });
}

const needsToken = (option: string): boolean => option !== "none";
const needsPermission = (option: string): boolean => needsToken(option) && option !== "authenticated";

/** All services but the one about oneself. */
const others = [
  AdminService,
  ManagementService,
  UserV2,
  UserV2beta,
  SessionV2,
  SessionV2beta,
  SettingsService,
  ZITADELUsers,
  UserV3alpha,
  RoleService,
  TextService,
  TokenService,
  InboxService,
  DeliveryService,
];
/** A list leaves out what its caller may not see. */
const filters = new Set(["ListUsers", "SearchUsers", "ListSessions", "ListPersonalAccessTokens"]);
const testedInCommand = methodsOf(others, (option) => option === "authenticated").filter(
  (rpc) => !filters.has(rpc.slice(rpc.indexOf(" ") + 1)),
);

// ---------------------------------------------------------------------------------------------- the rows

const setV1 = [...auth("SetMyPhone"), ...management("UpdateHumanPhone")];
const createV1 = management("AddHumanUser", "ImportHumanUser");
const resendV1 = [...auth("ResendMyPhoneVerification"), ...management("ResendHumanPhoneVerification")];
const removeV1 = [...auth("RemoveMyPhone"), ...management("RemoveHumanPhone")];
const getV1 = [...auth("GetMyPhone"), ...management("GetHumanPhone")];
const createV2 = [...v2("AddHumanUser"), "user.v2 CreateUser"];
const updateV2 = [...v2("UpdateHumanUser"), "user.v2 UpdateUser"];
const createV3 = "resources.user.v3alpha CreateUser";
const numberV3 = v3("SetContactPhone", "AddOTPSMSAuthenticator");
const checkV3 = v3("VerifyContactPhone", "VerifyOTPSMSRegistration");
const contactV3 = v3("SetContactPhone", "VerifyContactPhone", "ResendContactPhoneCode");
const registrationV3 = v3("AddOTPSMSAuthenticator", "VerifyOTPSMSRegistration", "RemoveOTPSMSAuthenticator");
const phoneV2 = v2("SetPhone", "ResendPhoneCode", "VerifyPhone", "RemovePhone");
const enrollV1 = auth("AddMyAuthFactorOTPSMS");
const enroll = [...enrollV1, ...v2("AddOTPSMS")];
const unenrollV1 = management("RemoveHumanAuthFactorOTPSMS");
const unenrollOther = [...unenrollV1, ...v2("RemoveOTPSMS")];
const unenrollOwn = auth("RemoveMyAuthFactorOTPSMS");
const openOrSet = session("CreateSession", "SetSession");
const everySession = session("CreateSession", "SetSession", "DeleteSession", "GetSession");
const withToken = methodsOf([AuthService, ...others], needsToken);
const withPermission = methodsOf(others, needsPermission);
const inOrganization = methodsOf([ManagementService, SettingsService], needsPermission);

export const errorRows: readonly ErrorRow[] = [
  ...table("number", [
    [
      "empty",
      InvalidArgument,
      "PHONE-Zt0NV",
      [...v2("SetPhone"), ...createV2, ...updateV2, createV3, ...numberV3],
    ],
    ["empty, v1", InvalidArgument, "PHONE-Zt0NV", [...setV1, ...createV1]],
    ["no phone object, v1", InvalidArgument, "PHONE-YlbwO", [...setV1, ...createV1]],
    ["not parsable, v1", InvalidArgument, "PHONE-so0wa", [...setV1, ...createV1]],
    ["not parsable, v2", InvalidArgument, "PHONE-so0wa", [...v2("SetPhone"), ...createV2, ...updateV2]],
    ["not parsable, v3alpha", InvalidArgument, "PHONE-so0wa", [createV3, ...numberV3]],
  ]),
  ...table("code", [
    ["no character to draw from", InvalidArgument, "CODE-aa1wf", admin("UpdateSecretGenerator")],
    ["wrong, not masked", InvalidArgument, "CODE-woT0xc", [...session("SetSession"), ...checkV3]],
    ["expired, not masked", FailedPrecondition, "CODE-QvUQ4P", [...session("SetSession"), ...checkV3]],
    ["none to compare with", InvalidArgument, "CRYPT-aqrFV", []],
  ]),
  ...table("v1 set", [
    ["user missing", FailedPrecondition, "COMMAND-3M0fs", setV1],
    ["same number", FailedPrecondition, "COMMAND-wF94r", setV1],
  ]),
  ...table("v1 verify", [
    ["empty code", InvalidArgument, "COMMAND-wMe9f", auth("VerifyMyPhone")],
    ["no user id", InvalidArgument, "COMMAND-Km9ds", auth("VerifyMyPhone")],
    ["user missing", FailedPrecondition, "COMMAND-Rsj8c", auth("VerifyMyPhone")],
    ["no pending code", NotFound, "COMMAND-Rsj8c", auth("VerifyMyPhone")],
    ["wrong or expired", InvalidArgument, "COMMAND-sM0cs", auth("VerifyMyPhone")],
  ]),
  ...table("v1 resend", [
    ["no user id, own", InvalidArgument, "COMMAND-4M0ds", auth("ResendMyPhoneVerification")],
    ["no user id", InvalidArgument, "COMMAND-4M0ds", management("ResendHumanPhoneVerification")],
    ["user missing", FailedPrecondition, "COMMAND-2M0fs", resendV1],
    ["no phone", NotFound, "COMMAND-2b7Hf", resendV1],
    ["already verified", FailedPrecondition, "COMMAND-2M9sf", resendV1],
  ]),
  ...table("v1 remove", [
    ["no user id, own", InvalidArgument, "COMMAND-6M0ds", auth("RemoveMyPhone")],
    ["no user id", InvalidArgument, "COMMAND-6M0ds", management("RemoveHumanPhone")],
    ["user missing", FailedPrecondition, "COMMAND-3M9fs", removeV1],
    ["no phone", NotFound, "COMMAND-p6rsc", removeV1],
  ]),
  ...table("v1 get", [
    ["user missing", NotFound, "QUERY-DAvb3", getV1],
    ["machine", FailedPrecondition, "QUERY-hliQl", getV1],
  ]),
  ...table("v2 phone", [
    ["no user id", InvalidArgument, "COMMAND-xP292j", phoneV2],
    ["user missing", NotFound, "COMMAND-ieJ2e", phoneV2],
    ["user in state initial", FailedPrecondition, "COMMAND-uz0Uu", phoneV2],
    ["set: permission", PermissionDenied, "AUTH-AWfge", v2("SetPhone")],
    ["set: same number", FailedPrecondition, "COMMAND-Uch5e", v2("SetPhone")],
    ["set: unknown verification", Code.Unimplemented, "USERv2-Ahng0", v2("SetPhone")],
    ["resend: permission", PermissionDenied, "AUTH-AWfge", v2("ResendPhoneCode")],
    ["resend: no pending code", FailedPrecondition, "PHONE-5xrra88eq8", v2("ResendPhoneCode")],
    ["verify: empty code", InvalidArgument, "COMMAND-Fia4a", v2("VerifyPhone")],
    ["verify: wrong, expired or none", InvalidArgument, "COMMAND-eis9R", v2("VerifyPhone")],
    ["remove: permission", PermissionDenied, "AUTH-AWfge", v2("RemovePhone")],
    ["remove: no phone", FailedPrecondition, "COMMAND-ieJ2e", v2("RemovePhone")],
    ["update: an empty number that is verified", InvalidArgument, "USERv2-4f3d6", updateV2],
    ["create: id taken", FailedPrecondition, "COMMAND-7yiox1isql", [...createV2, createV3]],
  ]),
  ...table("OTP SMS", [
    ["enroll: no user id, own", InvalidArgument, "COMMAND-QSF2s", enrollV1],
    ["enroll: no user id", InvalidArgument, "COMMAND-QSF2s", v2("AddOTPSMS")],
    ["enroll: permission", PermissionDenied, "AUTH-AWfge", v2("AddOTPSMS")],
    ["enroll: of another user", PermissionDenied, "AUTH-Bohd2", v2("AddOTPSMS")],
    ["enroll: already", AlreadyExists, "COMMAND-Ad3g2", enroll],
    ["enroll: no verified phone", FailedPrecondition, "COMMAND-Q54j2", enroll],
    ["remove: no user id, own", InvalidArgument, "COMMAND-S3br2", unenrollOwn],
    ["remove: no user id", InvalidArgument, "COMMAND-S3br2", unenrollOther],
    ["remove: permission", PermissionDenied, "AUTH-AWfge", v2("RemoveOTPSMS")],
    ["remove: permission, v1", PermissionDenied, "AUTH-5mWD2", unenrollV1],
    ["remove: not enrolled", NotFound, "COMMAND-Sr3h3", [...unenrollOwn, ...unenrollOther]],
  ]),
  ...table("session", [
    ["challenge: no user", FailedPrecondition, "COMMAND-JKL3g", openOrSet],
    ["challenge: not enrolled", FailedPrecondition, "COMMAND-BJ2g3", openOrSet],
    ["check: no user", InvalidArgument, "COMMAND-S453v", openOrSet],
    ["check: empty code", InvalidArgument, "COMMAND-SJl2g", openOrSet],
    ["check: not enrolled", FailedPrecondition, "COMMAND-d2r52", openOrSet],
    ["check: no challenge", FailedPrecondition, "COMMAND-S34gh", openOrSet],
    ["check: wrong", InvalidArgument, "CODE-woT0xc", session("SetSession")],
    ["check: expired", FailedPrecondition, "CODE-QvUQ4P", session("SetSession")],
    ["check: user locked", FailedPrecondition, "COMMAND-S6h4R", session("SetSession")],
    // GetSession answers QUERY-SFeaa instead: upstream's reads have ids of their own.
    ["not existing", NotFound, "COMMAND-Flk38", session("SetSession", "DeleteSession")],
    ["terminated", FailedPrecondition, "COMMAND-Hewfq", session("SetSession")],
    ["lifetime over", FailedPrecondition, "COMMAND-Hkl3d", session("SetSession")],
    ["wrong token", PermissionDenied, "COMMAND-sGr42", session("SetSession", "DeleteSession", "GetSession")],
    ["user not active", FailedPrecondition, "SESSION-Gj4ko", openOrSet],
    ["permission", PermissionDenied, "AUTH-AWfge", everySession],
  ]),
  // Of each kind one example: that it has this code and this HTTP status is asserted in every cell.
  ...table("kind", [
    ["InvalidArgument", InvalidArgument, "PHONE-so0wa", v2("SetPhone")],
    ["FailedPrecondition", FailedPrecondition, "COMMAND-Uch5e", v2("SetPhone")],
    ["NotFound", NotFound, "COMMAND-ieJ2e", v2("SetPhone")],
    ["AlreadyExists", AlreadyExists, "COMMAND-Ad3g2", v2("AddOTPSMS")],
    ["PermissionDenied", PermissionDenied, "AUTH-AWfge", v2("SetPhone")],
    ["Unauthenticated", Unauthenticated, "AUTH-7fs1e", v2("SetPhone")],
    ["ResourceExhausted", ResourceExhausted, "PHONE-w41ts", v2("ResendPhoneCode")],
    ["DeadlineExceeded", Code.DeadlineExceeded, undefined, []],
    ["Unavailable", Code.Unavailable, undefined, []],
    ["Unimplemented", Code.Unimplemented, undefined, []],
    ["Internal", Code.Internal, undefined, []],
    ["anything else", Code.Unknown, undefined, []],
    ["a limit of the contract", InvalidArgument, undefined, [...setV1, ...v2("SetPhone"), ...numberV3]],
  ]),
  ...table("v3alpha", [
    // Upstream never chose an id for it.
    ["feature off", FailedPrecondition, undefined, contactV3],
    ["no handler", Code.Unimplemented, undefined, registrationV3],
    ["set: no id", InvalidArgument, "COMMAND-DkQ9aurv5u", v3("SetContactPhone")],
    ["verify: no id", InvalidArgument, "COMMAND-R4LKY44Ke3", v3("VerifyContactPhone")],
    ["resend: no id", InvalidArgument, "COMMAND-zmxIFR2nMo", v3("ResendContactPhoneCode")],
    ["set: user missing", NotFound, "COMMAND-b33QAVgel6", v3("SetContactPhone")],
    ["verify: user missing", NotFound, "COMMAND-bx2OLtgGNS", v3("VerifyContactPhone")],
    ["resend: user missing", NotFound, "COMMAND-z8Bu9vuL9s", v3("ResendContactPhoneCode")],
    ["resend: no pending code", FailedPrecondition, "COMMAND-fEsHdqECzb", v3("ResendContactPhoneCode")],
    ["wrong", InvalidArgument, "CODE-woT0xc", checkV3],
    ["expired", FailedPrecondition, "CODE-QvUQ4P", checkV3],
    // Upstream tells no code. VerifyContactPhone without a pending code is no error.
    ["no code to check", FailedPrecondition, "COMMAND-05Pe3gq4FQ", v3("VerifyOTPSMSRegistration")],
    ["no generator", undefined, "COMMAND-S8kTrxy0aH", []],
    ["permission", PermissionDenied, "AUTH-AWfge", contactV3],
  ]),
  ...table("caller", [
    ["no authorization", Unauthenticated, undefined, withToken],
    ["token invalid", Unauthenticated, "AUTH-7fs1e", withToken],
    ["organization unknown", PermissionDenied, "AUTH-Bs7Ds", inOrganization],
    ["no membership", NotFound, "AUTHZ-cdgFk", withPermission],
    ["permission missing", PermissionDenied, "AUTH-5mWD2", withPermission],
    ["permission missing, in the command", PermissionDenied, "AUTH-AWfge", testedInCommand],
    ["permission missing, in another command", PermissionDenied, "AUTH-Swrgg2", []],
    ["permission missing, in a newer command", PermissionDenied, "AUTHZ-HKJD33", []],
    ["browser origin of another app", PermissionDenied, "AUTH-DZG21", []],
  ]),
  ...table("life cycle", [
    ["lock: user missing", NotFound, "COMMAND-450yxuqrh1", v2("LockUser")],
    ["lock: wrong state", FailedPrecondition, "COMMAND-lgws8wtsqf", v2("LockUser")],
    ["lock: no id", InvalidArgument, "COMMAND-agz3eczifm", v2("LockUser")],
    ["unlock: user missing", NotFound, "COMMAND-x377t913pw", v2("UnlockUser")],
    ["unlock: wrong state", FailedPrecondition, "COMMAND-olb9vb0oca", v2("UnlockUser")],
    ["unlock: no id", InvalidArgument, "COMMAND-a9ld4xckax", v2("UnlockUser")],
    ["deactivate: user missing", NotFound, "COMMAND-5gp2p62iin", v2("DeactivateUser")],
    ["deactivate: user in state initial", FailedPrecondition, "COMMAND-gvx4kct9r2", v2("DeactivateUser")],
    ["deactivate: already", FailedPrecondition, "COMMAND-5gunjw0cd7", v2("DeactivateUser")],
    ["deactivate: no id", InvalidArgument, "COMMAND-78iiirat8y", v2("DeactivateUser")],
    ["reactivate: user missing", NotFound, "COMMAND-9hy5kzbuk6", v2("ReactivateUser")],
    ["reactivate: wrong state", FailedPrecondition, "COMMAND-s5qqcz97hf", v2("ReactivateUser")],
    ["reactivate: no id", InvalidArgument, "COMMAND-0nx1ie38fw", v2("ReactivateUser")],
    ["delete: user missing", NotFound, "COMMAND-bd4ir1mblj", v2("DeleteUser")],
    ["delete: no id", InvalidArgument, "COMMAND-vaipl7s13l", v2("DeleteUser")],
  ]),
  ...table("v1 life cycle", [
    ["lock: user missing", NotFound, "COMMAND-5M9fs", management("LockUser")],
    ["lock: wrong state", FailedPrecondition, "COMMAND-3NN8v", management("LockUser")],
    ["unlock: user missing", NotFound, "COMMAND-M0dos", management("UnlockUser")],
    ["unlock: wrong state", FailedPrecondition, "COMMAND-4M0ds", management("UnlockUser")],
    ["deactivate: user missing", NotFound, "COMMAND-3M9ds", management("DeactivateUser")],
    ["deactivate: already", FailedPrecondition, "COMMAND-5M0sf", management("DeactivateUser")],
    ["reactivate: user missing", NotFound, "COMMAND-4M0sd", management("ReactivateUser")],
    ["reactivate: wrong state", FailedPrecondition, "COMMAND-6M0sf", management("ReactivateUser")],
    ["delete: user missing", NotFound, "COMMAND-m9od", management("RemoveUser")],
  ]),
  ...table("SMS provider", [
    ["get: not existing", NotFound, "QUERY-fn99w", admin("GetSMSProvider")],
    ["update Twilio: no id", InvalidArgument, "COMMAND-gMr93iNhTR", admin("UpdateSMSProviderTwilio")],
    ["update Twilio: not existing", NotFound, "COMMAND-MUY0IFAf8O", admin("UpdateSMSProviderTwilio")],
    ["update token: no id", InvalidArgument, "SMS-PeNaqbC0r0", admin("UpdateSMSProviderTwilioToken")],
    ["update token: not existing", NotFound, "COMMAND-ij3NhEHATp", admin("UpdateSMSProviderTwilioToken")],
    ["update HTTP: no id", InvalidArgument, "COMMAND-phyb2e4Kll", admin("UpdateSMSProviderHTTP")],
    ["update HTTP: not existing", NotFound, "COMMAND-6NW4I5Kqzj", admin("UpdateSMSProviderHTTP")],
    ["activate: no id", InvalidArgument, "COMMAND-jJ6TVqzvjp", admin("ActivateSMSProvider")],
    ["activate: not existing", NotFound, "COMMAND-9ULtp9PH5E", admin("ActivateSMSProvider")],
    ["activate: already", FailedPrecondition, "COMMAND-B25GFeIvRi", admin("ActivateSMSProvider")],
    ["deactivate: no id", InvalidArgument, "COMMAND-xs1ah1v1CL", admin("DeactivateSMSProvider")],
    ["deactivate: not existing", NotFound, "COMMAND-La91dGNhbM", admin("DeactivateSMSProvider")],
    ["deactivate: already", FailedPrecondition, "COMMAND-OSZAEkYvk7", admin("DeactivateSMSProvider")],
    ["remove: no id", InvalidArgument, "COMMAND-Qrz7lvdC4c", admin("RemoveSMSProvider")],
    ["remove: not existing", NotFound, "COMMAND-povEVHPCkV", admin("RemoveSMSProvider")],
  ]),
  ...table("secret generator", [
    ["no type", InvalidArgument, "COMMAND-33k9f", admin("UpdateSecretGenerator")],
  ]),
  ...table("message text", [
    [
      "reset: none was set, of an organization",
      NotFound,
      "Org-3b8Jf",
      management("ResetCustomVerifyPhoneMessageTextToDefault", "ResetCustomVerifySMSOTPMessageTextToDefault"),
    ],
    [
      "reset: none was set, of the instance",
      NotFound,
      "INSTANCE-fju90",
      admin("ResetCustomVerifyPhoneMessageTextToDefault", "ResetCustomVerifySMSOTPMessageTextToDefault"),
    ],
  ]),
  // Sending meets QUERY-fn99w as well, and keeps it to itself.
  ...table("sending", [
    ["no provider: handler", undefined, "HANDLER-8nfow", []],
    ["no provider: phone", undefined, "PHONE-w8nfow", []],
    ["no provider: channel", undefined, "PHONE-83nof", []],
    ["HTTP provider refuses", undefined, "WEBH-LBxU0", []],
    ["Twilio Verify: expired", InvalidArgument, "TWILI-SF3ba", []],
    ["Twilio Verify: too many tries", InvalidArgument, "TWILI-Ok39a", []],
    ["Twilio Verify: error", InvalidArgument, "TWILI-JK3ta", []],
    ["Twilio Verify: another status", InvalidArgument, "TWILI-Skwe4", []],
    ["Twilio Verify: provider inactive", FailedPrecondition, "COMMAND-M0odsf", []],
    ["Twilio Verify: no service", FailedPrecondition, "COMMAND-Sgb4h", []],
    ["Twilio Verify: code to be returned", FailedPrecondition, undefined, []],
  ]),
];
