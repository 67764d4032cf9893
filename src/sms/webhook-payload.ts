import type { SmsMessage } from "../app/sms-port.ts";
import type { CodePurpose } from "../domain/codes.ts";

const eventTypes: Record<CodePurpose, string> = {
  verify_phone: "user.human.phone.code.added",
  verify_otp_sms: "user.human.mfa.otp.sms.code.added",
  otp_sms: "session.otp.sms.challenged",
};

/** ZITADEL's body of an HTTP SMS provider. What is empty is left out. */
export function webhookPayload(message: SmsMessage, provider: { id: string; description: string }): object {
  const { user } = message;
  return {
    contextInfo: {
      eventType: eventTypes[message.purpose],
      provider,
      recipientPhoneNumber: message.recipient,
    },
    templateData: { ...withoutEmpty(message.parts), text: message.text },
    args: {
      ...(message.purpose === "verify_phone" ? { code: message.code } : { oTP: message.code }),
      ...(message.purpose === "verify_phone" || message.expiresMs === null
        ? {}
        : { expiry: (message.expiresMs - message.createdMs) * 1_000_000 }), // nanoseconds
      ...originOf(message),
      ...(message.sessionId === undefined ? {} : { sessionID: message.sessionId }),
      userID: user.id,
      orgID: user.organizationId,
      ...withoutEmpty({
        userName: user.userName,
        firstName: user.firstName,
        lastName: user.lastName,
        nickName: user.nickName,
        displayName: user.displayName,
        lastEmail: user.email,
        verifiedEmail: user.isEmailVerified ? user.email : "",
        lastPhone: user.lastPhone,
        verifiedPhone: user.verifiedPhone,
        preferredLoginName: user.userName,
      }),
      loginNames: user.userName === "" ? [] : [user.userName],
      changeDate: new Date(user.changedMs).toISOString(),
      creationDate: new Date(user.createdMs).toISOString(),
    },
  };
}

function originOf({ origin }: SmsMessage): object {
  const domain = URL.parse(origin)?.hostname;
  return domain === undefined ? {} : { origin, domain };
}

function withoutEmpty(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}
