import type { AddHumanUserRequest } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { AddHumanUserCommand } from "../app/account.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { verificationOf } from "./verification.ts";

const notSupported = refusal("failed_precondition", "RINGBACK-n0Sup", "Errors.NotSupported");

/** @throws DomainError naming the first field that cannot be honored: nothing is dropped silently */
export function addHumanUserCommand(request: AddHumanUserRequest): AddHumanUserCommand {
  refuseUnsupported(request);
  const { profile, email, phone, organization } = request;
  return {
    userId: request.userId,
    organizationId: organization?.org.case === "orgId" ? organization.org.value : undefined,
    userName: request.username,
    profile: {
      givenName: profile?.givenName ?? "",
      familyName: profile?.familyName ?? "",
      nickName: profile?.nickName ?? "",
      displayName: profile?.displayName || `${profile?.givenName ?? ""} ${profile?.familyName ?? ""}`.trim(),
      preferredLanguage: profile?.preferredLanguage ?? "",
      gender: profile?.gender ?? 0,
    },
    email: {
      address: email?.email ?? "",
      isVerified: email?.verification.case === "isVerified" && email.verification.value,
    },
    metadata: request.metadata.map(({ key, value }) => ({
      key,
      value: Buffer.from(value).toString("base64"),
    })),
    phone:
      phone === undefined || phone.phone === ""
        ? undefined
        : { number: phone.phone, verification: verificationOf(phone.verification) },
  };
}

function refuseUnsupported(request: AddHumanUserRequest): void {
  const refuse = (field: string, reason: string): never => {
    throw new DomainError(notSupported, { field, reason });
  };
  if (request.passwordType.case !== undefined)
    refuse(request.passwordType.case, "passwords are not kept here");
  if (request.idpLinks.length > 0) refuse("idp_links", "identity providers are not linked here");
  if (request.totpSecret !== undefined) refuse("totp_secret", "only codes by SMS are kept here");
  if (request.organization?.org.case === "orgDomain")
    refuse("organization.org_domain", "use organization.org_id");
  const emailVerification = request.email?.verification.case;
  if (emailVerification === "sendCode") refuse("email.send_code", "no e-mail is sent from here");
  if (emailVerification === "returnCode")
    refuse("email.return_code", "e-mail addresses are not verified here");
}
