import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SecretGeneratorType } from "../../gen/zitadel/settings/v1/secret_generator_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { roles } from "../../src/auth/roles.ts";

const users = UserService.method;
const sessions = SessionService.method;
const registrations = ZITADELUsers.method;
const { setRoles } = RoleService.method;
const admin = AdminService.method;
const management = ManagementService.method;

/** Draws a value; the same ones for the same seed. */
export type Draw = fc.GeneratorValue;

/** Calls as the administrator. @returns undefined if the call is refused */
export type Call = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
) => Promise<MessageShape<O> | undefined>;

const peopleMax = 40;
/** Every number is as likely as every other. */
const evenly = (min: number, max: number): fc.Arbitrary<number> => fc.noBias(fc.integer({ min, max }));
const organizations = ["default", "north", "south"];
const returnCode = { case: "returnCode", value: {} } as const;

interface OpenSession {
  readonly id: string;
  token: string;
  code: string;
}

/**
 * Commands of every kind on a few users, sessions and settings, such as clients give them: most are valid,
 * because what was answered before (codes, ids, tokens) is used again.
 */
export class RandomCommands {
  readonly #draw: Draw;
  readonly #call: Call;
  /** By user. */
  readonly #phoneCodes = new Map<string, string>();
  readonly #registrations = new Map<string, { readonly id: string; readonly code: string }>();
  readonly #accessTokens = new Map<string, string>();
  readonly #sessions: OpenSession[] = [];
  readonly #providers: string[] = [];
  readonly #commands: readonly (() => Promise<unknown>)[];

  constructor(draw: Draw, call: Call) {
    this.#draw = draw;
    this.#call = call;
    this.#commands = [
      ...this.#accounts(),
      ...this.#phones(),
      ...this.#factors(),
      ...this.#sessionCommands(),
      ...this.#settings(),
    ];
  }

  /** @returns whether it was accepted */
  async next(): Promise<boolean> {
    const answer = await this.#one(this.#commands)();
    return answer !== undefined;
  }

  #one<T>(among: readonly T[]): T {
    const chosen = among[this.#draw(evenly, 0, among.length - 1)];
    if (chosen === undefined) throw new Error("there is nothing to choose from");
    return chosen;
  }

  async #seldom<T>(command: () => Promise<T>): Promise<T | undefined> {
    return this.#draw(evenly, 1, 4) === 1 ? command() : undefined;
  }

  #text(): string {
    return this.#draw(fc.string, { unit: "grapheme", minLength: 1, maxLength: 20 });
  }

  #number(): string {
    return `+4179${String(this.#draw(fc.integer, { min: 1_000_000, max: 1_000_500 }))}`;
  }

  #userId(): string {
    return `user-${this.#draw(evenly, 1, peopleMax)}`;
  }

  #machineId(): string {
    return `machine-${this.#draw(evenly, 1, 5)}`;
  }

  #accounts(): readonly (() => Promise<unknown>)[] {
    const byId = () => ({ userId: this.#userId() });
    const profile = () => ({ givenName: this.#text(), familyName: this.#text() });
    const add = () => {
      const userId = this.#userId();
      return this.#call(users.createUser, {
        userId,
        organizationId: this.#one(organizations),
        username: `${userId}-${this.#draw(fc.nat, 9)}`,
        userType: {
          case: "human",
          value: {
            profile: profile(),
            email: { email: `${userId}@example.com` },
            metadata: [{ key: "k", value: new Uint8Array([1, 2, 3]) }],
          },
        },
      });
    };
    return [
      add,
      add,
      add,
      // Most users are there and active most of the time.
      () => this.#seldom(() => this.#call(users.deleteUser, byId())),
      () => this.#seldom(() => this.#call(users.deactivateUser, byId())),
      () => this.#seldom(() => this.#call(users.lockUser, byId())),
      () => this.#call(users.reactivateUser, byId()),
      () => this.#call(users.reactivateUser, byId()),
      () => this.#call(users.unlockUser, byId()),
      () => this.#call(users.unlockUser, byId()),
      () => this.#call(users.humanMFAInitSkipped, byId()),
      () =>
        this.#call(setRoles, {
          ...byId(),
          roles: this.#draw(fc.subarray<string>, [...roles]),
        }),
      () =>
        this.#call(users.updateUser, {
          ...byId(),
          username: this.#text(),
          userType: {
            case: "human",
            value: {
              profile: profile(),
              email: {
                email: `${this.#draw(fc.nat, 99)}@example.com`,
                verification: { case: "isVerified", value: true },
              },
            },
          },
        }),
      () =>
        this.#call(registrations.patchUser, {
          id: this.#userId(),
          user: { schemaId: this.#text(), data: { note: this.#text(), nested: { list: [1, true, null] } } },
        }),
      () =>
        this.#call(users.createUser, {
          userId: this.#machineId(),
          organizationId: this.#one(organizations),
          userType: { case: "machine", value: { name: this.#text() } },
        }),
      async () => {
        const userId = this.#machineId();
        const expirationDate = { seconds: 4_000_000_000n };
        const added = await this.#call(users.addPersonalAccessToken, { userId, expirationDate });
        if (added !== undefined) this.#accessTokens.set(userId, added.tokenId);
        return added;
      },
      () => {
        const userId = this.#machineId();
        return this.#call(users.removePersonalAccessToken, {
          userId,
          tokenId: this.#accessTokens.get(userId) ?? "none",
        });
      },
    ];
  }

  #phones(): readonly (() => Promise<unknown>)[] {
    const verification = () =>
      this.#one([
        returnCode,
        { case: "isVerified", value: true } as const,
        { case: "sendCode", value: {} } as const,
      ]);
    const noteCode = <T extends { verificationCode?: string | undefined }>(
      userId: string,
      answer: T | undefined,
    ) => {
      if (answer?.verificationCode !== undefined) this.#phoneCodes.set(userId, answer.verificationCode);
      return answer;
    };
    const set = async () => {
      const userId = this.#userId();
      const input = { userId, phone: this.#number(), verification: verification() };
      return noteCode(userId, await this.#call(users.setPhone, input));
    };
    const verify = () => {
      const userId = this.#userId();
      const isRight = this.#draw(fc.nat, 3) > 0;
      const verificationCode = (isRight ? this.#phoneCodes.get(userId) : undefined) ?? "wrong";
      return this.#call(users.verifyPhone, { userId, verificationCode });
    };
    return [
      set,
      set,
      set,
      verify,
      verify,
      verify,
      async () => {
        const userId = this.#userId();
        return noteCode(
          userId,
          await this.#call(users.resendPhoneCode, { userId, verification: returnCode }),
        );
      },
      () => this.#call(users.removePhone, { userId: this.#userId() }),
    ];
  }

  #factors(): readonly (() => Promise<unknown>)[] {
    return [
      () => this.#call(users.addOTPSMS, { userId: this.#userId() }),
      () => this.#call(users.addOTPSMS, { userId: this.#userId() }),
      () => this.#call(users.addOTPSMS, { userId: this.#userId() }),
      () => this.#call(users.removeOTPSMS, { userId: this.#userId() }),
      async () => {
        const id = this.#userId();
        const phone = { number: this.#number(), verification: returnCode };
        const added = await this.#call(registrations.addOTPSMSAuthenticator, { id, phone });
        if (added !== undefined) {
          this.#registrations.set(id, { id: added.otpSmsId, code: added.verificationCode ?? "" });
        }
        return added;
      },
      () => {
        const id = this.#userId();
        const { id: otpSmsId, code } = this.#registrations.get(id) ?? { id: "none", code: "none" };
        return this.#call(registrations.verifyOTPSMSRegistration, {
          id,
          otpSmsId,
          code: this.#draw(fc.boolean) ? code : "wrong",
        });
      },
      () => {
        const id = this.#userId();
        const otpSmsId = this.#registrations.get(id)?.id ?? "none";
        return this.#call(registrations.removeOTPSMSAuthenticator, { id, otpSmsId });
      },
    ];
  }

  #sessionCommands(): readonly (() => Promise<unknown>)[] {
    const checks = () => ({ user: { search: { case: "userId", value: this.#userId() } as const } });
    const metadata = () => ({
      [this.#one(["a", "b", "constructor"])]: new Uint8Array(this.#draw(fc.nat, 2)),
    });
    const open = async () => {
      const isChallenged = this.#draw(fc.boolean);
      const made = await this.#call(sessions.createSession, {
        checks: checks(),
        ...(isChallenged ? { challenges: { otpSms: { returnCode: this.#draw(fc.nat, 3) > 0 } } } : {}),
        metadata: metadata(),
        ...(this.#draw(fc.boolean)
          ? { lifetime: { seconds: BigInt(this.#draw(fc.integer, { min: 60, max: 3600 })) } }
          : {}),
        userAgent: { fingerprintId: this.#text(), header: { "user-agent": { values: [this.#text()] } } },
      });
      if (made !== undefined) {
        const { sessionId: id, sessionToken: token, challenges } = made;
        this.#sessions.push({ id, token, code: challenges?.otpSms ?? "none" });
        if (this.#sessions.length > 60) this.#sessions.shift();
      }
      return made;
    };
    const set = async (
      input: (session: OpenSession) => Omit<MessageInitShape<typeof sessions.setSession.input>, "$typeName">,
    ) => {
      const session = this.#one(
        this.#sessions.length === 0 ? [{ id: "none", token: "", code: "" }] : this.#sessions,
      );
      const { id: sessionId, token: sessionToken } = session;
      const done = await this.#call(sessions.setSession, { sessionId, sessionToken, ...input(session) });
      if (done !== undefined) {
        session.token = done.sessionToken;
        session.code = done.challenges?.otpSms ?? session.code;
      }
      return done;
    };
    return [
      open,
      open,
      open,
      () => set(() => ({ challenges: { otpSms: { returnCode: true } } })),
      () => set(() => ({ challenges: { otpSms: { returnCode: true } } })),
      () => set(({ code }) => ({ checks: { otpSms: { code } } })),
      () => set(({ code }) => ({ checks: { otpSms: { code } } })),
      () => set(() => ({ checks: { otpSms: { code: "wrong" } } })),
      () => set(() => ({ metadata: metadata() })),
      () => set(() => ({ lifetime: { seconds: 7200n } })),
      () =>
        this.#call(sessions.deleteSession, {
          sessionId: this.#one(["none", ...this.#sessions.map(({ id }) => id)]),
        }),
    ];
  }

  #settings(): readonly (() => Promise<unknown>)[] {
    const language = () => this.#one(["en", "de", "fr-CH"]);
    const text = () => `${this.#draw(fc.string, { maxLength: 10 }).replaceAll(/[{}]/g, "")} {{.Code}}`;
    const provider = () => this.#one(["none", ...this.#providers]);
    const attempts = () => ({
      maxPasswordAttempts: this.#draw(fc.nat, 9),
      maxOtpAttempts: this.#draw(fc.integer, { min: 20, max: 99 }),
    });
    return [
      () => this.#call(admin.updateLockoutPolicy, attempts()),
      () => this.#call(management.addCustomLockoutPolicy, attempts()),
      () => this.#call(management.updateCustomLockoutPolicy, attempts()),
      () => this.#call(management.resetLockoutPolicyToDefault, {}),
      () => this.#call(admin.setDefaultVerifyPhoneMessageText, { language: language(), text: text() }),
      () => this.#call(admin.resetCustomVerifyPhoneMessageTextToDefault, { language: language() }),
      () => this.#call(management.setCustomVerifySMSOTPMessageText, { language: language(), text: text() }),
      () => this.#call(management.resetCustomVerifySMSOTPMessageTextToDefault, { language: language() }),
      () =>
        this.#call(admin.updateSecretGenerator, {
          generatorType: this.#one([SecretGeneratorType.VERIFY_PHONE_CODE, SecretGeneratorType.OTP_SMS]),
          length: this.#draw(fc.integer, { min: 6, max: 10 }),
          expiry: { seconds: BigInt(this.#draw(fc.integer, { min: 300, max: 900 })) },
          includeDigits: true,
        }),
      async () => {
        const added = await this.#call(admin.addSMSProviderTwilio, {
          sid: this.#text(),
          token: this.#text(),
          senderNumber: this.#number(),
        });
        if (added !== undefined) this.#providers.push(added.id);
        return added;
      },
      async () => {
        const added = await this.#call(admin.addSMSProviderHTTP, {
          endpoint: "https://sms.example.com/hook",
        });
        if (added !== undefined) this.#providers.push(added.id);
        return added;
      },
      () => this.#call(admin.updateSMSProviderTwilioToken, { id: provider(), token: this.#text() }),
      () =>
        this.#call(admin.updateSMSProviderHTTP, {
          id: provider(),
          endpoint: "https://sms.example.com/other",
          expirationSigningKey: { seconds: 60n },
        }),
      async () => {
        const id = provider();
        const done = await this.#call(admin.removeSMSProvider, { id });
        if (done !== undefined) this.#providers.splice(this.#providers.indexOf(id), 1);
        return done;
      },
    ];
  }
}
