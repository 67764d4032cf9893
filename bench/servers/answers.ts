import { create, type DescMethodUnary, type MessageShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AuthService,
  type GetMyPhoneResponse,
  GetMyPhoneResponseSchema,
} from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import {
  type SetPhoneResponse,
  SetPhoneResponseSchema,
  UserService,
  type VerifyPhoneResponse,
  VerifyPhoneResponseSchema,
} from "../../gen/zitadel/user/v2/user_service_pb.js";

/** What the servers without any logic answer: as long as what Ringback answers. */

const changeDate = timestampFromMs(1_700_000_000_000);
const creationDate = changeDate;
const details = { sequence: 3n, changeDate, creationDate, resourceOwner: "default" };

export const setPhoneAnswer: SetPhoneResponse = create(SetPhoneResponseSchema, {
  details,
  verificationCode: "123456",
});
export const verifyPhoneAnswer: VerifyPhoneResponse = create(VerifyPhoneResponseSchema, { details });
export const getMyPhoneAnswer: GetMyPhoneResponse = create(GetMyPhoneResponseSchema, {
  details,
  phone: { phone: "+447000000000", isPhoneVerified: true },
});

/** One of the methods that are measured. */
export interface ConstantMethod {
  /** E.g. "/zitadel.user.v2.UserService/SetPhone". */
  readonly path: string;
  readonly binary: Uint8Array;
  readonly json: string;
}

function constantMethod<M extends DescMethodUnary>(
  method: M,
  answer: MessageShape<M["output"]>,
): ConstantMethod {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    binary: toBinary(method.output, answer),
    json: toJsonString(method.output, answer),
  };
}

export const constantMethods: readonly ConstantMethod[] = [
  constantMethod(UserService.method.setPhone, setPhoneAnswer),
  constantMethod(UserService.method.verifyPhone, verifyPhoneAnswer),
  constantMethod(AuthService.method.getMyPhone, getMyPhoneAnswer),
];
