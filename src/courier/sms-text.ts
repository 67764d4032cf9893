import type { ClaimedMessage } from "../app/outbox-port.ts";
import type { SmsMessage } from "../app/sms-port.ts";
import type { SealedCode } from "../app/new-code.ts";
import type { Settings } from "../app/settings.ts";
import type { Channel } from "../domain/channel.ts";
import { boundDomain, hostOf, withAutofill } from "../domain/autofill.ts";
import {
  defaultLanguage,
  languageTag,
  lifeInWords,
  renderText,
  textTypeOf,
  type TextValues,
} from "../domain/message-text.ts";
import type { UserState } from "../domain/user-state.ts";

/** The whole text of a message by a channel, as the settings say at this moment, in its reader's language. */
export async function smsTextOf(
  settings: Settings,
  { purpose, createdMs, expiresMs }: ClaimedMessage,
  user: UserState,
  { code, origin }: SealedCode,
  channel: Channel,
): Promise<Pick<SmsMessage, "text" | "parts" | "language">> {
  const wanted = languageTag(user.profile.preferredLanguage) ?? defaultLanguage;
  const scope = { organizationId: user.resourceOwner };
  const { value, language } = await settings.textFor(scope, textTypeOf[purpose], wanted);
  const { autofill } = await settings.instancePolicy();
  const { profile, userName, email } = user;
  const values: TextValues = {
    Code: code,
    OTP: code,
    Origin: origin,
    Domain: boundDomain(autofill, origin) ?? hostOf(origin),
    Expiry: lifeInWords(expiresMs === null ? null : expiresMs - createdMs, language),
    DisplayName: profile.displayName,
    FirstName: profile.givenName,
    LastName: profile.familyName,
    NickName: profile.nickName,
    UserName: userName,
    PreferredLoginName: userName,
    LoginNames: userName,
    LastEmail: email.address,
    VerifiedEmail: email.isVerified ? email.address : "",
    LastPhone: user.phone?.number ?? "",
    VerifiedPhone: user.verifiedNumber ?? "",
    ChangeDate: new Date(user.changedMs).toISOString(),
    CreationDate: new Date(user.createdMs).toISOString(),
  };
  const { text: template, ...others } = value;
  const text = renderText(template, values);
  const parts = Object.fromEntries(
    Object.entries(others).map(([part, words]) => [part, renderText(words, values)]),
  );
  // Nobody wants to be read "at example dot com" on the phone.
  return { language, parts, text: channel === "sms" ? withAutofill(text, code, origin, autofill) : text };
}
