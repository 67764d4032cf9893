import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import { SecretGeneratorType } from "../../../gen/zitadel/settings/v1/secret_generator_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { nobody } from "./givens.ts";
import { invalid, noSuchPath, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { builtInDetails, builtInLockout, instance, lockoutLimits, time } from "./settings-json.ts";

/** zitadel.admin.v1.AdminService: the lockout policy and the generators of the instance. */

const { method } = AdminService;
const nothing = (): object => ({});

/** A number that no setting has yet. */
interface NewNumber extends TestUser {
  readonly count: number;
}

function withNewNumber(world: World): NewNumber {
  const user = world.nobody();
  return { ...user, count: 1_000 + Number(user.id.slice(-6)) };
}

/** Where the last event of the instance stands. */
interface Stored extends NewNumber {
  readonly sequence: number;
  readonly setMs: number;
}

async function stored(world: World, given: NewNumber): Promise<Stored> {
  const last = await world.history.lastOf(instance.id);
  world.clock.ms += 1_000;
  return { ...given, sequence: last?.sequence ?? 0, setMs: last?.atMs ?? 0 };
}

/** Its first time was in another scenario. */
const standing = (sequence: number, setMs: number): object => ({
  sequence: String(sequence),
  creationDate: expect.any(String),
  changeDate: time(setMs),
  resourceOwner: "instance",
});

// --------------------------------------------------------------------------------------------- Healthz

const healthz = rowsOf("admin.v1 Healthz", method.healthz);

const health = healthz({
  name: "without a token",
  everyWay: true,
  given: nobody,
  caller: "without token",
  input: nothing,
  expect: ok(),
});

// ------------------------------------------------------------------------------------- lockout policy

const getLockout = rowsOf("admin.v1 GetLockoutPolicy", method.getLockoutPolicy);
const updateLockout = rowsOf("admin.v1 UpdateLockoutPolicy", method.updateLockoutPolicy);

async function withLockout(world: World): Promise<Stored> {
  const given = withNewNumber(world);
  await world.asAdmin(method.updateLockoutPolicy, { maxPasswordAttempts: 2, maxOtpAttempts: given.count });
  return stored(world, given);
}

const lockoutSet = { expect: ok(), effect: ["settings.lockout.set"], about: () => instance } as const;

const lockoutRows: readonly Scenario[] = [
  getLockout({
    name: "one that was set",
    everyWay: true,
    given: withLockout,
    caller: "IAM_OWNER",
    input: nothing,
    expect: ({ count, sequence, setMs }) =>
      ok({
        policy: {
          ...lockoutLimits(2, count),
          isDefault: true,
          details: standing(sequence, setMs),
        },
      }),
  }),
  ...permissionRows(getLockout, {}, "ORG_OWNER"),
  updateLockout({
    name: "another limit of wrong codes",
    everyWay: true,
    given: withNewNumber,
    caller: "IAM_OWNER",
    input: ({ count }) => ({ maxOtpAttempts: count }),
    ...lockoutSet,
    after: async ({ count }, world) => {
      const { policy } = await world.asAdmin(method.getLockoutPolicy, {});
      expect(policy).toMatchObject({ maxPasswordAttempts: 0n, maxOtpAttempts: BigInt(count) });
    },
  }),
  updateLockout({
    name: "another limit of wrong passwords",
    given: withLockout,
    caller: "administrator",
    input: ({ count }) => ({ maxPasswordAttempts: 3, maxOtpAttempts: count }),
    ...lockoutSet,
  }),
  updateLockout({
    name: "to what it is",
    given: withLockout,
    caller: "administrator",
    input: ({ count }) => ({ maxPasswordAttempts: 2, maxOtpAttempts: count }),
    expect: refused(Code.FailedPrecondition, "INSTANCE-0psjF"),
  }),
  ...permissionRows(updateLockout, {}, "ORG_OWNER"),
];

// ------------------------------------------------------------------------------------------ generators

const getGenerator = rowsOf("admin.v1 GetSecretGenerator", method.getSecretGenerator);
const listGenerators = rowsOf("admin.v1 ListSecretGenerators", method.listSecretGenerators);
const updateGenerator = rowsOf("admin.v1 UpdateSecretGenerator", method.updateSecretGenerator);

const { VERIFY_PHONE_CODE, OTP_SMS, UNSPECIFIED } = SecretGeneratorType;
/** Greater than every one in the contract. */
const unknownType: number = 9;
const types = [VERIFY_PHONE_CODE, OTP_SMS] as const;
const notDrawn = Object.values(SecretGeneratorType).filter(
  (type) =>
    typeof type === "number" && type !== UNSPECIFIED && type !== VERIFY_PHONE_CODE && type !== OTP_SMS,
);

const digits = ({ count }: NewNumber) =>
  ({ length: 6, expiry: { seconds: BigInt(count) }, includeDigits: true }) as const;

const withGenerator =
  (generatorType: SecretGeneratorType) =>
  async (world: World): Promise<Stored> => {
    const given = withNewNumber(world);
    await world.asAdmin(method.updateSecretGenerator, { generatorType, ...digits(given) });
    return stored(world, given);
  };

const nameOf = (type: SecretGeneratorType): string => `SECRET_GENERATOR_TYPE_${SecretGeneratorType[type]}`;
const generatorSet = { expect: ok(), effect: ["settings.generator.set"], about: () => instance } as const;

const generatorRows: readonly Scenario[] = [
  ...types.flatMap((generatorType) => [
    getGenerator({
      name: `${nameOf(generatorType)}, one that was set`,
      everyWay: true,
      given: withGenerator(generatorType),
      caller: "IAM_OWNER",
      input: () => ({ generatorType }),
      expect: ({ count, sequence, setMs }) =>
        ok({
          secretGenerator: {
            generatorType: nameOf(generatorType),
            length: 6,
            expiry: `${count}s`,
            includeDigits: true,
            details: standing(sequence, setMs),
          },
        }),
    }),
    updateGenerator({
      name: nameOf(generatorType),
      everyWay: true,
      given: withGenerator(generatorType),
      caller: "IAM_OWNER",
      input: ({ count }) => ({
        generatorType,
        length: 20,
        expiry: { seconds: BigInt(count), nanos: 500_000_000 },
        includeLowerLetters: true,
        includeUpperLetters: true,
        includeDigits: true,
        includeSymbols: true,
      }),
      ...generatorSet,
      after: async ({ count }, world) => {
        const { secretGenerator } = await world.asAdmin(method.getSecretGenerator, { generatorType });
        expect(secretGenerator).toMatchObject({
          length: 20,
          expiry: { seconds: BigInt(count), nanos: 500_000_000 },
          includeLowerLetters: true,
          includeUpperLetters: true,
          includeDigits: true,
          includeSymbols: true,
        });
      },
    }),
    updateGenerator({
      name: `${nameOf(generatorType)}, to what it is`,
      given: withGenerator(generatorType),
      caller: "administrator",
      input: (given) => ({ generatorType, ...digits(given) }),
      expect: ok(),
      about: () => instance,
      details: "change",
    }),
    updateGenerator({
      name: `${nameOf(generatorType)}, one character that never expires`,
      given: withGenerator(generatorType),
      caller: "administrator",
      input: () => ({ generatorType, length: 1, includeDigits: true }),
      ...generatorSet,
      after: async (_, world) => {
        const { secretGenerator } = await world.asAdmin(method.getSecretGenerator, { generatorType });
        expect(secretGenerator?.expiry).toMatchObject({ seconds: 0n, nanos: 0 });
      },
    }),
    updateGenerator({
      name: `${nameOf(generatorType)}, which expires after less than a millisecond`,
      given: withGenerator(generatorType),
      caller: "administrator",
      input: (given) => ({ generatorType, ...digits(given), expiry: { nanos: 400_000 } }),
      ...generatorSet,
      after: async (_, world) => {
        const { secretGenerator } = await world.asAdmin(method.getSecretGenerator, { generatorType });
        expect(secretGenerator?.expiry).toMatchObject({ seconds: 0n, nanos: 1_000_000 });
      },
    }),
    updateGenerator({
      name: `${nameOf(generatorType)}, of no characters`,
      given: withNewNumber,
      caller: "administrator",
      input: () => ({ generatorType, length: 6 }),
      expect: refused(Code.InvalidArgument, "CODE-aa1wf"),
    }),
  ]),
  ...[0, 21].map((length) =>
    updateGenerator({
      name: `${length} characters`,
      given: withNewNumber,
      caller: "administrator",
      input: (given) => ({ generatorType: OTP_SMS, ...digits(given), length }),
      expect: refused(Code.InvalidArgument, "CODE-l3Ngt"),
    }),
  ),
  ...[-1n, 36_525n * 86_400n + 1n].map((seconds) =>
    updateGenerator({
      name: `codes that live for ${seconds} seconds`,
      given: withNewNumber,
      caller: "administrator",
      input: (given) => ({ generatorType: OTP_SMS, ...digits(given), expiry: { seconds } }),
      expect: refused(Code.InvalidArgument, "QUERY-4M0fs", "expiry"),
    }),
  ),
  ...notDrawn.flatMap((generatorType) => [
    getGenerator({
      name: nameOf(generatorType),
      given: nobody,
      caller: "administrator",
      input: () => ({ generatorType }),
      expect: refused(Code.NotFound, "QUERY-3k9og"),
    }),
    updateGenerator({
      name: nameOf(generatorType),
      given: withNewNumber,
      caller: "administrator",
      input: (given) => ({ generatorType, ...digits(given) }),
      expect: refused(Code.FailedPrecondition, "RINGBACK-n0Sup", "generator_type"),
    }),
  ]),
  ...[UNSPECIFIED, unknownType].flatMap((generatorType) => [
    getGenerator({
      name: `the type ${generatorType}`,
      given: nobody,
      caller: "administrator",
      input: () => ({ generatorType }),
      expect: invalid("GetSecretGeneratorRequest.generator_type"),
      ...(generatorType === UNSPECIFIED ? { expectOfRest: noSuchPath } : {}),
    }),
    updateGenerator({
      name: `the type ${generatorType}`,
      given: withNewNumber,
      caller: "administrator",
      input: (given) => ({ generatorType, ...digits(given) }),
      expect: invalid("UpdateSecretGeneratorRequest.generator_type"),
      ...(generatorType === UNSPECIFIED ? { expectOfRest: noSuchPath } : {}),
    }),
  ]),
  ...permissionRows(getGenerator, { generatorType: unknownType }, "ORG_OWNER"),
  ...permissionRows(updateGenerator, { generatorType: unknownType }, "ORG_OWNER"),
];

// --------------------------------------------------------------------- lists of generators, as far as built in

const phoneCode = ({ profile }: World): object => ({
  generatorType: "SECRET_GENERATOR_TYPE_VERIFY_PHONE_CODE",
  details: builtInDetails,
  length: 6,
  includeDigits: true,
  ...(profile === "safe" ? { expiry: "600s" } : { expiry: "3600s", includeUpperLetters: true }),
});
const otpSms = {
  generatorType: "SECRET_GENERATOR_TYPE_OTP_SMS",
  details: builtInDetails,
  length: 8,
  expiry: "300s",
  includeDigits: true,
};

const ofType = (generatorType: SecretGeneratorType) =>
  ({ query: { case: "typeQuery", value: { generatorType } } }) as const;
const totalOf =
  (totalResult: string | undefined) =>
  async (_: TestUser, __: World, { details }: { readonly details?: unknown }): Promise<void> =>
    expect(details).toEqual({ ...(totalResult && { totalResult }), viewTimestamp: expect.any(String) });

const builtInLists: readonly Scenario[] = [
  listGenerators({
    name: "every one",
    everyWay: true,
    given: nobody,
    caller: "IAM_OWNER",
    input: nothing,
    expect: (_, world) => ok({ result: [phoneCode(world), otpSms] }),
    after: totalOf("2"),
  }),
  listGenerators({
    name: "the other way round",
    given: nobody,
    caller: "administrator",
    input: () => ({ query: { asc: false } }),
    expect: (_, world) => ok({ result: [otpSms, phoneCode(world)] }),
  }),
  listGenerators({
    name: "a page",
    given: nobody,
    caller: "administrator",
    input: () => ({ query: { asc: true, offset: 1n, limit: 1 } }),
    expect: ok({ result: [otpSms] }),
    after: totalOf("2"),
  }),
  listGenerators({
    name: "of one type",
    given: nobody,
    caller: "administrator",
    input: () => ({ queries: [ofType(OTP_SMS)] }),
    expect: ok({ result: [otpSms] }),
    after: totalOf("1"),
  }),
  listGenerators({
    name: "of two types at once, which none is",
    given: nobody,
    caller: "administrator",
    input: () => ({ queries: [ofType(OTP_SMS), ofType(VERIFY_PHONE_CODE)] }),
    expect: ok(),
    after: totalOf(undefined),
  }),
  listGenerators({
    name: "1,001 at once",
    given: nobody,
    caller: "administrator",
    input: () => ({ query: { limit: 1_001 } }),
    expect: refused(Code.InvalidArgument, "QUERY-4M0fs"),
  }),
  listGenerators({
    name: "a query of no kind",
    given: nobody,
    caller: "administrator",
    input: () => ({ queries: [{}] }),
    expect: invalid("ListSecretGeneratorsRequest.queries[0].query"),
  }),
  ...permissionRows(listGenerators, { queries: [{}] }, "ORG_OWNER"),
];

/** Of what is built in, for a world where nothing is set for the instance. */
export const adminV1BuiltIn: readonly Scenario[] = [
  health,
  getLockout({
    name: "built in",
    everyWay: true,
    given: nobody,
    caller: "IAM_OWNER",
    input: nothing,
    expect: (_, world) =>
      ok({ policy: { ...builtInLockout(world), isDefault: true, details: builtInDetails } }),
  }),
  updateLockout({
    name: "to what is built in",
    given: nobody,
    caller: "administrator",
    input: (_, { profile }) => ({ maxOtpAttempts: profile === "safe" ? 100 : 0 }),
    expect: refused(Code.FailedPrecondition, "INSTANCE-0psjF"),
  }),
  getGenerator({
    name: "phone codes, built in",
    given: nobody,
    caller: "administrator",
    input: () => ({ generatorType: VERIFY_PHONE_CODE }),
    expect: (_, world) => ok({ secretGenerator: phoneCode(world) }),
  }),
  getGenerator({
    name: "one-time codes by SMS, built in",
    given: nobody,
    caller: "administrator",
    input: () => ({ generatorType: OTP_SMS }),
    expect: ok({ secretGenerator: otpSms }),
  }),
  ...builtInLists,
];

/** Changes settings of the instance: for a world of its own. */
export const adminV1Settings: readonly Scenario[] = [...lockoutRows, ...generatorRows];
