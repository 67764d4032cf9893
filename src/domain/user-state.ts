import { isAlive, type PendingCode, pendingAfter, pendingAfterFailure, pendingAfterSent } from "./codes.ts";
import { withSms } from "./sms-allowance.ts";
import type { Email, MetadataEntry, Profile, UserEvent, UserSchema } from "./user-events.ts";

/**
 * State and fold of a user. A field that came later is optional: rows of before do not have it. A field that a newer
 * release wrote is not known here, and stays.
 */

/** A personal access token. */
export interface AccessToken {
  /** SHA-256 of the token, base64url. */
  readonly hash: string;
  /** Null if it never expires. */
  readonly expiresMs: number | null;
  readonly createdMs?: number;
}

export interface Phone {
  /** E.164. */
  readonly number: string;
  readonly isVerified: boolean;
  readonly code?: PendingCode;
}

/** A number that receives one-time codes once it is verified. */
export type Registration = Phone;

export type UserStatus = "active" | "inactive" | "locked" | "removed";

export interface UserState {
  readonly id: string;
  readonly kind: "human" | "machine";
  readonly status: UserStatus;
  /** Id of the organization. */
  readonly resourceOwner: string;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly userName: string;
  readonly profile: Profile;
  readonly email: Email;
  readonly metadata: readonly MetadataEntry[];
  readonly issuer?: string;
  /** Of a machine. */
  readonly description?: string;
  readonly schema?: UserSchema;
  readonly phone?: Phone;
  /** The last number that was verified; gone with the phone. */
  readonly verifiedNumber?: string;
  /** Whether the user is enrolled for one-time codes by SMS, to the verified number. */
  readonly otpSms?: true;
  /** Wrong one-time codes in sessions since the last right one. */
  readonly otpSmsFailures?: number;
  readonly mfaInitSkippedMs?: number;
  readonly registrations: Readonly<Record<string, Registration>>;
  /** When codes were sent to the user's numbers lately, the oldest first. Those of sessions count there. */
  readonly smsSentMs?: readonly number[];
  /** Wrong codes for the phone and registrations since the last right one. */
  readonly wrongCodes: number;
  readonly accessTokens: Readonly<Record<string, AccessToken>>;
  readonly roles: readonly string[];
}

/** Whether there is such a user, and not only what is left of one. */
export function exists(state: UserState | undefined): state is UserState {
  return state !== undefined && state.status !== "removed";
}

/** Of somebody whose name nobody told. */
export const noProfile: Profile = {
  givenName: "",
  familyName: "",
  nickName: "",
  displayName: "",
  preferredLanguage: "",
  gender: 0,
};

/**
 * Folds one event into the state of its user.
 *
 * @param state undefined before the first event
 * @param atMs time of the event
 */
export function evolveUser(
  state: UserState | undefined,
  event: UserEvent,
  id: string,
  atMs: number,
): UserState {
  if (event.type === "user.human.added" || event.type === "user.machine.added")
    return addedUser(event, id, atMs);
  if (state === undefined) throw new Error(`user ${id}: ${event.type} before the user was added`);
  const changed = change(state, event, atMs);
  // What `change` made just now belongs to nobody yet: a second copy would cost as much as the first.
  return changed === state ? { ...state, changedMs: atMs } : Object.assign(changed, { changedMs: atMs });
}

type Added = Extract<UserEvent, { type: "user.human.added" | "user.machine.added" }>;

function addedUser(event: Added, id: string, atMs: number): UserState {
  if (event.type === "user.machine.added") {
    const { resourceOwner, userName, name, description } = event.data;
    return {
      ...blankUser(id, "machine", resourceOwner, atMs),
      userName,
      profile: { ...noProfile, displayName: name },
      ...(description === undefined ? {} : { description }),
    };
  }
  const { resourceOwner, phone, ...given } = event.data;
  return {
    ...blankUser(id, "human", resourceOwner, atMs),
    ...given,
    ...(phone === undefined ? {} : { phone: { number: phone, isVerified: false } }),
  };
}

function blankUser(id: string, kind: UserState["kind"], resourceOwner: string, createdMs: number): UserState {
  return {
    id,
    kind,
    status: "active",
    resourceOwner,
    createdMs,
    changedMs: createdMs,
    userName: "",
    profile: noProfile,
    email: { address: "", isVerified: false },
    metadata: [],
    registrations: {},
    wrongCodes: 0,
    accessTokens: {},
    roles: [],
  };
}

function change(state: UserState, event: Exclude<UserEvent, Added>, atMs: number): UserState {
  switch (event.type) {
    case "user.username.changed":
      return { ...state, userName: event.data.userName };
    case "user.human.profile.changed":
      return { ...state, profile: event.data };
    case "user.human.email.changed":
      return { ...state, email: event.data };
    case "user.machine.changed": {
      const { name, description } = event.data;
      return { ...state, profile: { ...state.profile, displayName: name }, description };
    }
    case "user.schema.set":
      return { ...state, schema: event.data };
    case "user.human.phone.changed":
      return { ...state, phone: { number: event.data.phone, isVerified: false } };
    case "user.human.phone.code.added":
      return withPhone(withSms(state, event.data, atMs), (phone) => ({
        ...phone,
        code: pendingAfter(phone.code, event.data),
      }));
    case "user.human.phone.code.sent":
      return withPhone(state, (phone) => withCode(phone, (code) => pendingAfterSent(code, event.data)));
    case "user.human.phone.verified": {
      const number = state.phone?.number;
      const verified = withPhone({ ...state, wrongCodes: 0 }, verifiedPhone);
      return number === undefined ? verified : { ...verified, verifiedNumber: number };
    }
    case "user.human.phone.verification.failed":
      return withPhone({ ...state, wrongCodes: wrongCodesAfter(state, state.phone, atMs) }, (phone) =>
        withCode(phone, pendingAfterFailure),
      );
    case "user.human.phone.removed": {
      const { phone: _phone, verifiedNumber: _number, otpSms: _enrolled, ...rest } = state;
      return rest;
    }
    case "user.human.mfa.otp.sms.added":
      return { ...state, otpSms: true };
    case "user.human.mfa.otp.sms.removed": {
      const { otpSms: _enrolled, ...rest } = state;
      return rest;
    }
    case "user.human.mfa.otp.sms.check.succeeded": {
      const { otpSmsFailures: _failures, ...rest } = state;
      return rest;
    }
    case "user.human.mfa.otp.sms.check.failed":
      return { ...state, otpSmsFailures: (state.otpSmsFailures ?? 0) + 1 };
    case "user.human.mfa.init.skipped":
      return { ...state, mfaInitSkippedMs: atMs };
    case "user.otp.sms.registration.added":
      return withRegistration(state, event.data.registrationId, () => ({
        number: event.data.phone,
        isVerified: false,
      }));
    case "user.otp.sms.registration.code.added":
      return withRegistration(
        withSms(state, event.data, atMs),
        event.data.registrationId,
        (found) => found && { ...found, code: pendingAfter(found.code, event.data) },
      );
    case "user.otp.sms.registration.code.sent":
      return withRegistration(
        state,
        event.data.registrationId,
        (found) => found && withCode(found, (code) => pendingAfterSent(code, event.data)),
      );
    case "user.otp.sms.registration.verified":
      return withRegistration(
        { ...state, wrongCodes: 0 },
        event.data.registrationId,
        (found) => found && verifiedPhone(found),
      );
    case "user.otp.sms.registration.verification.failed": {
      const failed = state.registrations[event.data.registrationId];
      return withRegistration(
        { ...state, wrongCodes: wrongCodesAfter(state, failed, atMs) },
        event.data.registrationId,
        (found) => found && withCode(found, pendingAfterFailure),
      );
    }
    case "user.otp.sms.registration.removed":
      return withRegistration(state, event.data.registrationId, () => undefined);
    case "user.pat.added": {
      const { tokenId, hash, expiresMs } = event.data;
      return {
        ...state,
        accessTokens: { ...state.accessTokens, [tokenId]: { hash, expiresMs, createdMs: atMs } },
      };
    }
    case "user.pat.removed": {
      const { [event.data.tokenId]: _removed, ...accessTokens } = state.accessTokens;
      return { ...state, accessTokens };
    }
    case "user.roles.set":
      return { ...state, roles: event.data.roles };
    case "user.locked":
      return { ...state, status: "locked" };
    case "user.unlocked":
    case "user.reactivated": {
      const { otpSmsFailures: _failures, ...rest } = state;
      return { ...rest, status: "active", wrongCodes: 0 };
    }
    case "user.deactivated":
      return { ...state, status: "inactive" };
    case "user.removed":
      // Nothing personal stays in the state; the row stays, so that the sequence goes on.
      return { ...blankUser(state.id, state.kind, state.resourceOwner, state.createdMs), status: "removed" };
  }
}

function withPhone(state: UserState, update: (phone: Phone) => Phone): UserState {
  return state.phone === undefined ? state : { ...state, phone: update(state.phone) };
}

function withRegistration(
  state: UserState,
  id: string,
  update: (found: Registration | undefined) => Registration | undefined,
): UserState {
  const { [id]: found, ...others } = state.registrations;
  const updated = update(found);
  return { ...state, registrations: updated === undefined ? others : { ...others, [id]: updated } };
}

function withCode(phone: Phone, update: (code: PendingCode) => PendingCode): Phone {
  return phone.code === undefined ? phone : { ...phone, code: update(phone.code) };
}

function verifiedPhone(phone: Phone): Phone {
  const { code: _answered, ...rest } = phone;
  return { ...rest, isVerified: true };
}

/** Only a try that could have succeeded counts towards the lock: nobody guesses at a code that is not there. */
export function wrongCodesAfter(state: UserState, phone: Phone | undefined, atMs: number): number {
  const code = phone?.code;
  const couldSucceed = code !== undefined && isAlive(code, atMs);
  return couldSucceed ? state.wrongCodes + 1 : state.wrongCodes;
}
