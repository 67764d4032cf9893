import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import {
  codeSent,
  deactivated,
  lockedByAdmin,
  notSupported,
  withoutPhone,
  withPendingPhone,
} from "./givens.ts";
import { type EventType, ok, type Outcome, refused, rowsOf, type Scenario } from "./scenario.ts";

/** zitadel.resources.user.v3alpha.ZITADELUsers: the organization and the instance that a request may name. */

const { method } = ZITADELUsers;

/** Where a request looks. */
interface Place {
  readonly instance?: { readonly property: { readonly case: "id" | "domain"; readonly value: string } };
  readonly organization?: {
    readonly property: { readonly case: "orgId" | "orgDomain"; readonly value: string };
  };
}

interface Form<I extends DescMessage, G extends TestUser> {
  readonly method: DescMethodUnary<I>;
  readonly given: (world: World) => Promise<G>;
  readonly input: (given: G, place: Place) => MessageInitShape<I>;
  readonly effect: readonly EventType[];
  readonly answer?: object;
  /** Nobody with this id is there. */
  readonly missing: string;
}

const organization = (value: string): Place => ({ organization: { property: { case: "orgId", value } } });

function placeRows<I extends DescMessage, G extends TestUser>(form: Form<I, G>): readonly Scenario[] {
  const row = rowsOf(`resources.user.v3alpha ${form.method.name}`, form.method);
  const { given, answer = {}, effect } = form;
  const refusedPlaces: readonly [string, Place, Outcome][] = [
    ["another organization", organization("elsewhere"), refused(Code.NotFound, form.missing)],
    ["an organization that nobody knows", organization("nowhere"), refused(Code.NotFound, form.missing)],
    [
      "an organization by its domain",
      { organization: { property: { case: "orgDomain", value: "example.com" } } },
      notSupported("organization.org_domain"),
    ],
    ["an instance", { instance: { property: { case: "id", value: "1" } } }, notSupported("instance")],
    [
      "an instance by its domain",
      { instance: { property: { case: "domain", value: "example.com" } } },
      notSupported("instance"),
    ],
  ];
  return [
    row({
      name: "in the user's organization",
      everyWay: true,
      given,
      caller: "administrator",
      input: (user) => form.input(user, organization(user.organizationId)),
      expect: ok(answer),
      effect,
    }),
    ...refusedPlaces.map(([name, place, expected]) =>
      row({
        name: `in ${name}`,
        given,
        caller: "administrator",
        input: (user) => form.input(user, place),
        expect: expected,
      }),
    ),
  ];
}

const isVerified = { case: "isVerified", value: true } as const;
const byId = ({ id }: TestUser, place: Place) => ({ id, ...place });

interface Registered extends UserWithCode {
  readonly otpSmsId: string;
}

async function withRegistration(world: World): Promise<Registered> {
  const user = await world.user();
  const phone = { number: user.number, verification: { case: "returnCode", value: {} } } as const;
  const { otpSmsId, verificationCode = "" } = await world.asAdmin(method.addOTPSMSAuthenticator, {
    id: user.id,
    phone,
  });
  return { ...user, otpSmsId, code: verificationCode };
}

export const userV3alphaPlaces: readonly Scenario[] = [
  ...placeRows({
    method: method.deactivateUser,
    given: withoutPhone,
    input: byId,
    effect: ["user.deactivated"],
    missing: "COMMAND-5gp2p62iin",
  }),
  ...placeRows({
    method: method.activateUser,
    given: deactivated,
    input: byId,
    effect: ["user.reactivated"],
    missing: "COMMAND-9hy5kzbuk6",
  }),
  ...placeRows({
    method: method.lockUser,
    given: withoutPhone,
    input: byId,
    effect: ["user.locked"],
    missing: "COMMAND-450yxuqrh1",
  }),
  ...placeRows({
    method: method.unlockUser,
    given: lockedByAdmin,
    input: byId,
    effect: ["user.unlocked"],
    missing: "COMMAND-x377t913pw",
  }),
  ...placeRows({
    method: method.deleteUser,
    given: withoutPhone,
    input: byId,
    effect: ["user.removed"],
    missing: "COMMAND-bd4ir1mblj",
  }),
  ...placeRows({
    method: method.patchUser,
    given: withoutPhone,
    input: (user, place) => ({ ...byId(user, place), user: { schemaId: "person" } }),
    effect: ["user.schema.set"],
    missing: "COMMAND-ugjs0upun6",
  }),
  ...placeRows({
    method: method.setContactPhone,
    given: withoutPhone,
    input: (user, place) => ({
      ...byId(user, place),
      phone: { number: user.number, verification: isVerified },
    }),
    effect: ["user.human.phone.changed", "user.human.phone.verified"],
    missing: "COMMAND-b33QAVgel6",
  }),
  ...placeRows({
    method: method.verifyContactPhone,
    given: withPendingPhone,
    input: (user, place) => ({ ...byId(user, place), verificationCode: user.code }),
    effect: ["user.human.phone.verified"],
    missing: "COMMAND-bx2OLtgGNS",
  }),
  ...placeRows({
    method: method.resendContactPhoneCode,
    given: withPendingPhone,
    input: byId,
    effect: codeSent,
    missing: "COMMAND-z8Bu9vuL9s",
  }),
  ...placeRows({
    method: method.addOTPSMSAuthenticator,
    given: withoutPhone,
    input: (user, place) => ({
      ...byId(user, place),
      phone: { number: user.number, verification: isVerified },
    }),
    effect: ["user.otp.sms.registration.added", "user.otp.sms.registration.verified"],
    answer: { otpSmsId: expect.stringMatching(/^[0-9]{18}$/) },
    missing: "COMMAND-bx2OLtgGNS",
  }),
  ...placeRows({
    method: method.verifyOTPSMSRegistration,
    given: withRegistration,
    input: (user, place) => ({ ...byId(user, place), otpSmsId: user.otpSmsId, code: user.code }),
    effect: ["user.otp.sms.registration.verified"],
    missing: "COMMAND-bx2OLtgGNS",
  }),
  ...placeRows({
    method: method.removeOTPSMSAuthenticator,
    given: withRegistration,
    input: (user, place) => ({ ...byId(user, place), otpSmsId: user.otpSmsId }),
    effect: ["user.otp.sms.registration.removed"],
    missing: "COMMAND-bx2OLtgGNS",
  }),
];
