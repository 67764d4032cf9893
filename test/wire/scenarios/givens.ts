import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import { type EventType, type Outcome, refused, shared } from "./scenario.ts";

/** Situations that many scenarios begin with, and what they look for afterwards. */

const {
  addHumanUser,
  setPhone,
  removePhone,
  resendPhoneCode,
  verifyPhone,
  createUser,
  lockUser,
  deactivateUser,
  deleteUser,
  getUserByID,
} = UserService.method;

export const nobody = (world: World): TestUser => world.nobody();
export const withoutPhone = (world: World): Promise<UserWithCode> => world.user();
export const withPendingPhone = (world: World): Promise<UserWithCode> => world.user({ phone: "pending" });
export const withVerifiedPhone = (world: World): Promise<UserWithCode> => world.user({ phone: "verified" });

/** The administrator: a machine. */
export const machine = (world: World): TestUser => world.administrator;

export interface UserWithToken extends TestUser {
  readonly token: string;
}

/** Their token is still valid. */
export async function deleted(world: World): Promise<UserWithToken> {
  const user = await world.user({ phone: "pending" });
  const token = await world.token(user.id);
  await world.asAdmin(deleteUser, { userId: user.id });
  return { ...user, token };
}

/** Somebody else who has the id of a deleted user, and their number; a second later. */
export async function recreated<U extends TestUser>(world: World, former: U): Promise<U> {
  const { id: userId, organizationId, number: phone } = former;
  await world.asAdmin(deleteUser, { userId });
  world.clock.ms += 1_000;
  await world.asAdmin(addHumanUser, {
    userId,
    organization: { org: { case: "orgId", value: organizationId } },
    profile: { givenName: "Eve", familyName: "Eve" },
    email: { email: `${userId}@example.com` },
    phone: { phone, verification: { case: "isVerified", value: true } },
  });
  return { ...former, createdMs: world.clock.ms };
}

/** A machine of its own. */
export async function withMachine(world: World): Promise<TestUser> {
  const user = world.nobody();
  await world.asAdmin(createUser, {
    userId: user.id,
    organizationId: user.organizationId,
    userType: { case: "machine", value: { name: "Engine", description: "Analytical" } },
  });
  return user;
}

/** Somebody new, and a user name that another user of the organization has. */
export async function withTakenName(world: World): Promise<TestUser & { readonly taken: string }> {
  return { ...(await world.user()), taken: `${(await world.user()).id}@example.com` };
}

/** Locked by the administrator; with a token, which stays valid. */
export async function lockedByAdmin(world: World): Promise<UserWithToken> {
  const user = await world.user();
  const token = await world.token(user.id);
  await world.asAdmin(lockUser, { userId: user.id });
  return { ...user, token };
}

/** With a token from before, which is not valid any more. */
export async function deactivated(world: World): Promise<UserWithToken> {
  const user = await world.user();
  const token = await world.token(user.id);
  await world.asAdmin(deactivateUser, { userId: user.id });
  return { ...user, token };
}

/** A pending code that went out by SMS. */
export async function withSentCode(world: World): Promise<UserWithCode> {
  const user = await world.user();
  await world.asAdmin(setPhone, { userId: user.id, phone: user.number });
  return { ...user, code: (await world.lastMessage(user.number)).code };
}

/** A number whose SMS was sent just this long ago. */
export const withCodeSentBefore =
  (ms: number) =>
  async (world: World): Promise<UserWithCode> => {
    const user = await withSentCode(world);
    world.clock.ms += ms;
    return user;
  };

/** So many SMS went out for them just now, each to another number; they have a number of their own left. */
export const withSmsSent =
  (count: number) =>
  async (world: World): Promise<UserWithCode> => {
    const user = await world.user();
    for (let sent = 0; sent < count; sent += 1) {
      await world.asAdmin(setPhone, { userId: user.id, phone: world.nobody().number });
    }
    return user;
  };

/** The most that a user may cause in an hour, and an hour less a millisecond ago. */
export async function withSmsOfAlmostAnHourAgo(world: World): Promise<UserWithCode> {
  const user = await withSmsSent(smsPerHour)(world);
  world.clock.ms += 60 * minuteMs - 1;
  return user;
}

/** A code that is just this old. */
export const withCodeOfAge =
  (ageMs: number) =>
  async (world: World): Promise<UserWithCode> => {
    const user = await withPendingPhone(world);
    world.clock.ms += ageMs;
    return user;
  };

/** The code is the one that was replaced. */
export async function withReplacedCode(world: World): Promise<UserWithCode> {
  const user = await withPendingPhone(world);
  const current = await returnedCode(world, user);
  // Two codes may be the same by chance.
  return current === user.code ? withReplacedCode(world) : user;
}

/** The code belongs to the number that the user had before. */
export async function withCodeOfFormerNumber(world: World): Promise<UserWithCode> {
  const user = await withPendingPhone(world);
  const verification = { case: "returnCode", value: {} } as const;
  const { verificationCode } = await world.asAdmin(setPhone, {
    userId: user.id,
    phone: user.otherNumber,
    verification,
  });
  return verificationCode === user.code ? withCodeOfFormerNumber(world) : user;
}

export async function withRemovedPhone(world: World): Promise<UserWithCode> {
  const user = await withPendingPhone(world);
  await world.asAdmin(removePhone, { userId: user.id });
  return user;
}

/** A pending code after so many wrong tries. */
export const withWrongTries =
  (count: number) =>
  async (world: World): Promise<UserWithCode> => {
    const user = await withPendingPhone(world);
    await giveWrongCodes(world, user, count);
    return user;
  };

/** A user after so many wrong codes in a row, with a token from before: a locked user gets no new one. */
export const withWrongCodesInARow =
  (count: number) =>
  async (world: World): Promise<UserWithCode & UserWithToken> => {
    const user = await withPendingPhone(world);
    const token = await world.token(user.id);
    let { code } = user;
    for (let given = 0; given < count; given += attemptsMax) {
      if (given > 0) code = await returnedCode(world, user);
      await giveWrongCodes(world, user, Math.min(attemptsMax, count - given));
    }
    return { ...user, code, token };
  };

/** Wrong tries for one code in profile safe. */
export const attemptsMax = 5;
/** SMS that a user may cause within an hour, in profile safe. */
export const smsPerHour = 10;

/** Only to be looked at, or refused: to lock somebody takes many calls. */
export const locked = shared(withWrongCodesInARow(100));

export async function giveWrongCodes(world: World, { id: userId }: TestUser, count: number): Promise<void> {
  const tries = Array.from({ length: count }, () =>
    world.asAdmin(verifyPhone, { userId, verificationCode: wrongCode }).catch((error: unknown) => {
      expect(String(error)).toContain("COMMAND-eis9R");
    }),
  );
  await Promise.all(tries);
}

/** A new code for the number, which makes the former one void. */
async function returnedCode(world: World, { id: userId }: TestUser): Promise<string> {
  const verification = { case: "returnCode", value: {} } as const;
  return (await world.asAdmin(resendPhoneCode, { userId, verification })).verificationCode ?? "";
}

/** Never drawn: codes have no small letters. */
export const wrongCode = "wrong1";

export const minuteMs = 60_000;

/** +41791000001 → 079 100 00 01 */
export function nationalForm(number: string): string {
  return number.replace(/^\+41(..)(...)(..)(..)$/, "0$1 $2 $3 $4");
}

/** +41791000001 → +41 (79) 100-00-01 */
export function spacedForm(number: string): string {
  return number.replace(/^\+41(..)(...)(..)(..)$/, "+41 ($1) $2-$3-$4");
}

/** +41791000001 → (＋41) 791000001, with the plus of an East Asian keyboard */
export function bracketedForm(number: string): string {
  return number.replace(/^\+41/, "(＋41) ");
}

/** What a code of the phone looks like. */
export function phoneCode({ profile }: World): unknown {
  return expect.stringMatching(profile === "safe" ? /^[0-9]{6}$/ : /^[A-Z0-9]{6}$/);
}

export const otpSmsCode: unknown = expect.stringMatching(/^[0-9]{8}$/);

/** A new code that goes out by SMS. */
export const codeSent: readonly EventType[] = ["user.human.phone.code.added", "user.human.phone.code.sent"];

export const badNumber = (says: string): Outcome => refused(Code.InvalidArgument, "PHONE-so0wa", says);

/** A field of the request that cannot be honored. @param field as the contract names it */
export const notSupported = (field: string): Outcome =>
  refused(Code.FailedPrecondition, "RINGBACK-n0Sup", `The field ${field} is not supported`);

/** A time in JSON. */
export function timestamp(ms: number): unknown {
  return toJson(TimestampSchema, timestampFromMs(ms));
}

/** What must fit: the user as v2 shows it now. */
export async function expectUser(world: World, { id: userId }: TestUser, user: object): Promise<void> {
  expect((await world.asAdmin(getUserByID, { userId })).user).toMatchObject(user);
}

/** The user's phone is now this. */
export async function expectPhone(
  world: World,
  { id: userId }: TestUser,
  phone: string,
  isVerified: boolean,
): Promise<void> {
  const { user } = await world.asAdmin(getUserByID, { userId });
  expect(user?.type).toMatchObject({ case: "human", value: { phone: { phone, isVerified } } });
}
