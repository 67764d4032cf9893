import type { CodeAdded, CodeSent } from "./codes.ts";

/** What happens to a user. What was stored once stays readable: shapes here only grow. */

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

/** What a v3 client keeps with a user. It has no meaning here. */
export interface UserSchema {
  readonly schemaId: string;
  /** Plain JSON. */
  readonly data: object;
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
      readonly data: {
        readonly resourceOwner: string;
        readonly userName: string;
        readonly name: string;
        readonly description?: string;
      };
    }
  | { readonly type: "user.username.changed"; readonly data: { readonly userName: string } }
  | { readonly type: "user.human.profile.changed"; readonly data: Profile }
  | { readonly type: "user.human.email.changed"; readonly data: Email }
  | {
      readonly type: "user.machine.changed";
      readonly data: { readonly name: string; readonly description: string };
    }
  | { readonly type: "user.schema.set"; readonly data: UserSchema }
  | { readonly type: "user.human.phone.changed"; readonly data: { readonly phone: string } }
  | { readonly type: "user.human.phone.code.added"; readonly data: CodeAdded }
  | { readonly type: "user.human.phone.code.sent"; readonly data: CodeSent }
  | { readonly type: "user.human.phone.verified"; readonly data: Empty }
  | { readonly type: "user.human.phone.verification.failed"; readonly data: Empty }
  | { readonly type: "user.human.phone.removed"; readonly data: Empty }
  | { readonly type: "user.human.mfa.otp.sms.added"; readonly data: Empty }
  | { readonly type: "user.human.mfa.otp.sms.removed"; readonly data: Empty }
  | { readonly type: "user.human.mfa.otp.sms.check.succeeded"; readonly data: Empty }
  | { readonly type: "user.human.mfa.otp.sms.check.failed"; readonly data: Empty }
  | { readonly type: "user.human.mfa.init.skipped"; readonly data: Empty }
  | {
      readonly type: "user.otp.sms.registration.added";
      readonly data: RegistrationRef & { readonly phone: string };
    }
  | { readonly type: "user.otp.sms.registration.code.added"; readonly data: RegistrationRef & CodeAdded }
  | { readonly type: "user.otp.sms.registration.code.sent"; readonly data: RegistrationRef & CodeSent }
  | { readonly type: "user.otp.sms.registration.verified"; readonly data: RegistrationRef }
  | { readonly type: "user.otp.sms.registration.verification.failed"; readonly data: RegistrationRef }
  | { readonly type: "user.otp.sms.registration.removed"; readonly data: RegistrationRef }
  | {
      readonly type: "user.pat.added";
      readonly data: {
        readonly tokenId: string;
        /** SHA-256 of the token, base64url. */
        readonly hash: string;
        /** Null if it never expires. */
        readonly expiresMs: number | null;
      };
    }
  | { readonly type: "user.pat.removed"; readonly data: { readonly tokenId: string } }
  | { readonly type: "user.roles.set"; readonly data: { readonly roles: readonly string[] } }
  | { readonly type: "user.locked"; readonly data: Empty }
  | { readonly type: "user.unlocked"; readonly data: Empty }
  | { readonly type: "user.deactivated"; readonly data: Empty }
  | { readonly type: "user.reactivated"; readonly data: Empty }
  | { readonly type: "user.removed"; readonly data: Empty };

type Empty = Readonly<Record<string, never>>;

interface RegistrationRef {
  readonly registrationId: string;
}
