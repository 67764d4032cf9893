import type { Email, MetadataEntry, Profile } from "../domain/user-events.ts";
import type { PhoneOfUser } from "../app/account.ts";
import { accountErrors } from "../domain/account.ts";
import { DomainError } from "../domain/errors.ts";
import { refuseField } from "./refused-fields.ts";
import { present } from "./present.ts";
import { type VerificationOneof, verificationOf } from "./verification.ts";

/**
 * The parts of a human user, as the messages of every generation carry them. The types name what is read of a
 * message, so that one function serves messages of several packages.
 */

interface ProfileMessage {
  readonly givenName: string;
  readonly familyName: string;
  readonly nickName?: string | undefined;
  readonly displayName?: string | undefined;
  readonly preferredLanguage?: string | undefined;
  readonly gender?: number | undefined;
}

/** The display name is made of the others if it is left out. */
export function profileOf(profile: ProfileMessage | undefined): Profile {
  const {
    givenName = "",
    familyName = "",
    nickName = "",
    displayName,
    preferredLanguage = "",
    gender = 0,
  } = profile ?? {};
  return {
    givenName,
    familyName,
    nickName,
    displayName: displayName || `${givenName} ${familyName}`.trim(),
    preferredLanguage,
    gender,
  };
}

/** What is left out stays as it is. */
export function profileChangeOf(profile: {
  readonly [Field in keyof ProfileMessage]?: ProfileMessage[Field] | undefined;
}): Partial<Profile> {
  const { givenName, familyName, nickName, displayName, preferredLanguage, gender } = profile;
  return present({ givenName, familyName, nickName, displayName, preferredLanguage, gender });
}

interface EmailMessage {
  readonly email: string;
  readonly verification: VerificationOneof & { readonly value?: unknown };
}

/** @throws DomainError if a code is asked for: no e-mail is sent from here */
export function emailOf(email: EmailMessage | undefined): Email {
  const chosen = email?.verification.case;
  if (chosen === "sendCode") refuseField("email.send_code", "no e-mail is sent from here");
  if (chosen === "returnCode") refuseField("email.return_code", "e-mail addresses are not verified here");
  return {
    address: email?.email ?? "",
    isVerified: chosen === "isVerified" && email?.verification.value === true,
  };
}

interface PhoneMessage {
  readonly phone: string;
  readonly verification: VerificationOneof;
}

/** None where the number is empty. */
export function phoneOf(phone: PhoneMessage | undefined): PhoneOfUser | undefined {
  if (phone === undefined || phone.phone === "") return undefined;
  return { number: phone.phone, verification: verificationOf(phone.verification) };
}

/** None where the number is empty. @throws DomainError if what is empty is to be verified */
export function phoneChangeOf(phone: PhoneMessage | undefined): PhoneOfUser | undefined {
  if (phone?.phone === "" && phone.verification.case !== undefined) {
    throw new DomainError(accountErrors.phoneContradiction);
  }
  return phoneOf(phone);
}

export function metadataOf(
  entries: readonly { readonly key: string; readonly value: Uint8Array }[],
): readonly MetadataEntry[] {
  return entries.map(({ key, value }) => ({ key, value: Buffer.from(value).toString("base64") }));
}

interface OrganizationMessage {
  readonly org:
    | { readonly case: "orgId"; readonly value: string }
    | { readonly case: "orgDomain"; readonly value: string }
    | { readonly case: undefined; readonly value?: undefined };
}

/** @throws DomainError if the organization is named by its domain: organizations are plain ids here */
export function organizationIdOf(organization: OrganizationMessage | undefined): string | undefined {
  const org = organization?.org;
  if (org?.case === "orgDomain") refuseField("organization.org_domain", "use organization.org_id");
  return org?.case === "orgId" && org.value !== "" ? org.value : undefined;
}
