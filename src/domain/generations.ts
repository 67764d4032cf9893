import { codeErrors } from "./codes.ts";
import { type MessageKey, type Refusal, refusal } from "./errors.ts";

/**
 * The API generations share one set of rules. This is everything in which they differ.
 *
 * Ids and kinds are those of the contract; the keys say the same in every generation.
 */
export interface PhoneRules {
  readonly set: {
    readonly userMissing: Refusal;
    /** Undefined where setting the same number again succeeds and changes nothing. */
    readonly sameNumber: Refusal | undefined;
    /** Whether the same, yet unverified number may be set again to declare it verified. */
    readonly sameNumberCanBeVerified: boolean;
  };
  readonly verify: {
    readonly userMissing: Refusal;
    /** Undefined where there is nothing to verify, and that succeeds and changes nothing. */
    readonly noCode: Refusal | undefined;
    /** Whether a try without a pending code is recorded as failed. */
    readonly noCodeIsRecorded: boolean;
    /** In most generations wrong and expired look the same from outside. */
    readonly wrong: Refusal;
    readonly expired: Refusal;
  };
  readonly resend: {
    readonly userMissing: Refusal;
    readonly noPhone: Refusal;
    readonly alreadyVerified: Refusal;
  };
  readonly remove: { readonly userMissing: Refusal; readonly noPhone: Refusal };
}

const v1UserMissing = (id: string): Refusal => refusal("failed_precondition", id, "Errors.User.NotFound");
const v1WrongCode = refusal("invalid_argument", "COMMAND-sM0cs", "Errors.User.Code.Invalid");
const v2UserMissing = refusal("not_found", "COMMAND-ieJ2e", "Errors.User.NotFound");
/** One id for all that keeps a code from being sent again. */
const noResend = (id: string): Omit<PhoneRules["resend"], "userMissing"> => ({
  noPhone: refusal("failed_precondition", id, "Errors.User.Phone.NotFound"),
  alreadyVerified: refusal("failed_precondition", id, "Errors.User.Phone.AlreadyVerified"),
});
const v2WrongCode = refusal("invalid_argument", "COMMAND-eis9R", "Errors.User.Code.Invalid");

/** auth.v1 and management.v1. */
export const v1: PhoneRules = {
  set: {
    userMissing: v1UserMissing("COMMAND-3M0fs"),
    sameNumber: refusal("failed_precondition", "COMMAND-wF94r", "Errors.User.Phone.NotChanged"),
    sameNumberCanBeVerified: true,
  },
  verify: {
    userMissing: v1UserMissing("COMMAND-Rsj8c"),
    noCode: refusal("not_found", "COMMAND-Rsj8c", "Errors.User.Code.NotFound"),
    noCodeIsRecorded: false,
    wrong: v1WrongCode,
    expired: v1WrongCode,
  },
  resend: {
    userMissing: v1UserMissing("COMMAND-2M0fs"),
    noPhone: refusal("not_found", "COMMAND-2b7Hf", "Errors.User.Phone.NotFound"),
    alreadyVerified: refusal("failed_precondition", "COMMAND-2M9sf", "Errors.User.Phone.AlreadyVerified"),
  },
  remove: {
    userMissing: v1UserMissing("COMMAND-3M9fs"),
    noPhone: refusal("not_found", "COMMAND-p6rsc", "Errors.User.Phone.NotFound"),
  },
};

/** user.v2 and user.v2beta. */
export const v2: PhoneRules = {
  set: {
    userMissing: v2UserMissing,
    sameNumber: refusal("failed_precondition", "COMMAND-Uch5e", "Errors.User.Phone.NotChanged"),
    sameNumberCanBeVerified: false,
  },
  verify: {
    userMissing: v2UserMissing,
    noCode: v2WrongCode,
    noCodeIsRecorded: true,
    wrong: v2WrongCode,
    expired: v2WrongCode,
  },
  resend: { userMissing: v2UserMissing, ...noResend("PHONE-5xrra88eq8") },
  remove: {
    userMissing: v2UserMissing,
    noPhone: refusal("failed_precondition", "COMMAND-ieJ2e", "Errors.User.Phone.NotFound"),
  },
};

/** Both generations of v3alpha, which remove no number. */
export const v3: Omit<PhoneRules, "remove"> = {
  set: {
    userMissing: refusal("not_found", "COMMAND-b33QAVgel6", "Errors.User.NotFound"),
    sameNumber: undefined,
    sameNumberCanBeVerified: true,
  },
  verify: {
    userMissing: refusal("not_found", "COMMAND-bx2OLtgGNS", "Errors.User.NotFound"),
    noCode: undefined,
    noCodeIsRecorded: false,
    wrong: codeErrors.wrong,
    expired: codeErrors.expired,
  },
  resend: {
    userMissing: refusal("not_found", "COMMAND-z8Bu9vuL9s", "Errors.User.NotFound"),
    ...noResend("COMMAND-fEsHdqECzb"),
  },
};

/** Inside the update of a user the same number is no error. */
export const inUserUpdate: PhoneRules["set"] = {
  userMissing: v2UserMissing,
  sameNumber: undefined,
  sameNumberCanBeVerified: true,
};

/** How the life of an account differs. */
export interface AccountRules {
  readonly deactivate: StateChange;
  readonly reactivate: StateChange;
  readonly lock: StateChange;
  readonly unlock: StateChange;
  readonly remove: Pick<StateChange, "userMissing">;
}

export interface StateChange {
  readonly userMissing: Refusal;
  /** The user is in a state from which there is no way to this one. */
  readonly wrongState: Refusal;
}

const missing = (id: string): Refusal => refusal("not_found", id, "Errors.User.NotFound");
const wrongState = (id: string, key: MessageKey): Refusal => refusal("failed_precondition", id, key);

/** management.v1. */
export const v1Accounts: AccountRules = {
  deactivate: {
    userMissing: missing("COMMAND-3M9ds"),
    wrongState: wrongState("COMMAND-5M0sf", "Errors.User.AlreadyInactive"),
  },
  reactivate: {
    userMissing: missing("COMMAND-4M0sd"),
    wrongState: wrongState("COMMAND-6M0sf", "Errors.User.NotInactive"),
  },
  lock: {
    userMissing: missing("COMMAND-5M9fs"),
    wrongState: wrongState("COMMAND-3NN8v", "Errors.User.CannotLock"),
  },
  unlock: {
    userMissing: missing("COMMAND-M0dos"),
    wrongState: wrongState("COMMAND-4M0ds", "Errors.User.NotLocked"),
  },
  remove: { userMissing: missing("COMMAND-m9od") },
};

/** user.v2, user.v2beta, and v3alpha. */
export const v2Accounts: AccountRules = {
  deactivate: {
    userMissing: missing("COMMAND-5gp2p62iin"),
    wrongState: wrongState("COMMAND-5gunjw0cd7", "Errors.User.AlreadyInactive"),
  },
  reactivate: {
    userMissing: missing("COMMAND-9hy5kzbuk6"),
    wrongState: wrongState("COMMAND-s5qqcz97hf", "Errors.User.NotInactive"),
  },
  lock: {
    userMissing: missing("COMMAND-450yxuqrh1"),
    wrongState: wrongState("COMMAND-lgws8wtsqf", "Errors.User.CannotLock"),
  },
  unlock: {
    userMissing: missing("COMMAND-x377t913pw"),
    wrongState: wrongState("COMMAND-olb9vb0oca", "Errors.User.NotLocked"),
  },
  remove: { userMissing: missing("COMMAND-bd4ir1mblj") },
};
