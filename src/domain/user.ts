import { isExpired, type PendingCode, type SignedCode } from "./codes.ts";

/** Events, state and fold of a user. What was stored once stays readable: shapes here only grow. */

export interface Profile {
  readonly givenName: string;
  readonly familyName: string;
  readonly nickName: string;
  readonly displayName: string;
  /** BCP 47, or empty. */
  readonly preferredLanguage: string;
  /** The number of the contract's enum Gender. */
  readonly gender: number;
}

export interface Email {
  readonly address: string;
  readonly isVerified: boolean;
}

export interface MetadataEntry {
  readonly key: string;
  /** Base64. */
  readonly value: string;
}

export interface CodeAdded extends SignedCode {
  readonly challengeId: string;
  readonly expiresMs: number | null;
  readonly attemptsMax: number | null;
  /** True if the caller got the code; false if it goes out by SMS. */
  readonly returned: boolean;
}

export type UserEvent =
  | {
      readonly type: "user.human.added";
      readonly data: {
        readonly resourceOwner: string;
        readonly userName: string;
        readonly profile: Profile;
        readonly email: Email;
        readonly metadata: readonly MetadataEntry[];
        /** E.164; unverified. */
        readonly phone?: string;
        /** The OIDC issuer whose token brought the user here. */
        readonly issuer?: string;
      };
    }
  | {
      readonly type: "user.machine.added";
      readonly data: { readonly resourceOwner: string; readonly userName: string; readonly name: string };
    }
  | { readonly type: "user.human.phone.changed"; readonly data: { readonly phone: string } }
  | { readonly type: "user.human.phone.code.added"; readonly data: CodeAdded }
  | { readonly type: "user.human.phone.code.sent"; readonly data: { readonly challengeId: string } }
  | { readonly type: "user.human.phone.verified"; readonly data: Empty }
  | { readonly type: "user.human.phone.verification.failed"; readonly data: Empty }
  | { readonly type: "user.human.phone.removed"; readonly data: Empty }
  | {
      readonly type: "user.otp.sms.registration.added";
      readonly data: RegistrationRef & { readonly phone: string };
    }
  | { readonly type: "user.otp.sms.registration.code.added"; readonly data: RegistrationRef & CodeAdded }
  | {
      readonly type: "user.otp.sms.registration.code.sent";
      readonly data: RegistrationRef & { readonly challengeId: string };
    }
  | { readonly type: "user.otp.sms.registration.verified"; readonly data: RegistrationRef }
  | { readonly type: "user.otp.sms.registration.verification.failed"; readonly data: RegistrationRef }
  | { readonly type: "user.otp.sms.registration.removed"; readonly data: RegistrationRef }
  | { readonly type: "user.pat.added"; readonly data: AccessToken & { readonly tokenId: string } }
  | { readonly type: "user.pat.removed"; readonly data: { readonly tokenId: string } }
  | { readonly type: "user.roles.set"; readonly data: { readonly roles: readonly string[] } }
  | { readonly type: "user.locked"; readonly data: Empty }
  | { readonly type: "user.unlocked"; readonly data: Empty }
  | { readonly type: "user.removed"; readonly data: Empty };

type Empty = Readonly<Record<string, never>>;

interface RegistrationRef {
  readonly registrationId: string;
}

/** A personal access token. */
export interface AccessToken {
  /** SHA-256 of the token, base64url. */
  readonly hash: string;
  /** Null if it never expires. */
  readonly expiresMs: number | null;
}

export interface Phone {
  /** E.164. */
  readonly number: string;
  readonly isVerified: boolean;
  readonly code?: PendingCode;
}

/** A number that receives one-time codes once it is verified. */
export type Registration = Phone;

export interface UserState {
  readonly id: string;
  readonly kind: "human" | "machine";
  readonly status: "active" | "locked" | "removed";
  /** Id of the organization. */
  readonly resourceOwner: string;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly userName: string;
  readonly profile: Profile;
  readonly email: Email;
  readonly metadata: readonly MetadataEntry[];
  readonly issuer?: string;
  readonly phone?: Phone;
  /** The last number that was verified; gone with the phone. */
  readonly verifiedNumber?: string;
  readonly registrations: Readonly<Record<string, Registration>>;
  /** Wrong codes since the last right one. */
  readonly wrongCodes: number;
  readonly accessTokens: Readonly<Record<string, AccessToken>>;
  readonly roles: readonly string[];
}

const noProfile: Profile = {
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
  return { ...change(state, event, atMs), changedMs: atMs };
}

type Added = Extract<UserEvent, { type: "user.human.added" | "user.machine.added" }>;

function addedUser(event: Added, id: string, atMs: number): UserState {
  if (event.type === "user.machine.added") {
    const { resourceOwner, userName, name } = event.data;
    return {
      ...blankUser(id, "machine", resourceOwner, atMs),
      userName,
      profile: { ...noProfile, displayName: name },
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
    case "user.human.phone.changed":
      return { ...state, phone: { number: event.data.phone, isVerified: false } };
    case "user.human.phone.code.added":
      return withPhone(state, (phone) => withCode(phone, event.data));
    case "user.human.phone.verified": {
      const number = state.phone?.number;
      const verified = withPhone({ ...state, wrongCodes: 0 }, verifiedPhone);
      return number === undefined ? verified : { ...verified, verifiedNumber: number };
    }
    case "user.human.phone.verification.failed":
      return withPhone(
        { ...state, wrongCodes: wrongCodesAfter(state, state.phone, atMs) },
        withFailedAttempt,
      );
    case "user.human.phone.removed": {
      const { phone: _phone, verifiedNumber: _number, ...rest } = state;
      return rest;
    }
    case "user.otp.sms.registration.added":
      return withRegistration(state, event.data.registrationId, () => ({
        number: event.data.phone,
        isVerified: false,
      }));
    case "user.otp.sms.registration.code.added":
      return withRegistration(
        state,
        event.data.registrationId,
        (found) => found && withCode(found, event.data),
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
        (found) => found && withFailedAttempt(found),
      );
    }
    case "user.otp.sms.registration.removed":
      return withRegistration(state, event.data.registrationId, () => undefined);
    case "user.pat.added": {
      const { tokenId, hash, expiresMs } = event.data;
      return { ...state, accessTokens: { ...state.accessTokens, [tokenId]: { hash, expiresMs } } };
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
      return { ...state, status: "active", wrongCodes: 0 };
    case "user.removed":
      // Nothing personal stays in the state; the row stays, so that the sequence goes on.
      return { ...blankUser(state.id, state.kind, state.resourceOwner, state.createdMs), status: "removed" };
    // They tell what happened outside; the state does not depend on them.
    case "user.human.phone.code.sent":
    case "user.otp.sms.registration.code.sent":
      return state;
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

function withCode(phone: Phone, added: CodeAdded): Phone {
  const { challengeId, keyId, mac, expiresMs, attemptsMax } = added;
  return {
    number: phone.number,
    isVerified: phone.isVerified,
    code: { challengeId, keyId, mac, expiresMs, attemptsLeft: attemptsMax },
  };
}

function verifiedPhone(phone: Phone): Phone {
  return { number: phone.number, isVerified: true };
}

function withFailedAttempt(phone: Phone): Phone {
  const code = phone.code;
  if (code === undefined || code.attemptsLeft === null || code.attemptsLeft === 0) return phone;
  return { ...phone, code: { ...code, attemptsLeft: code.attemptsLeft - 1 } };
}

/** Only a try that could have succeeded counts towards the lock: nobody guesses at a code that is not there. */
export function wrongCodesAfter(state: UserState, phone: Phone | undefined, atMs: number): number {
  const code = phone?.code;
  const couldSucceed = code !== undefined && !isExpired(code, atMs) && code.attemptsLeft !== 0;
  return couldSucceed ? state.wrongCodes + 1 : state.wrongCodes;
}
