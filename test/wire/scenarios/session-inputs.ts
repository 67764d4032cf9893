import { Code } from "@connectrpc/connect";
import type { Role } from "../../../src/auth/roles.ts";
import type { TestUser } from "../../support/wire-world.ts";
import { type CallerKind, invalid, refused } from "./scenario.ts";

/** What the scenarios of sessions ask for, and what is refused wherever it is asked for. */

export const byId = ({ id }: Pick<TestUser, "id">) =>
  ({ user: { search: { case: "userId", value: id } } }) as const;
export const byName = (name: string) => ({ user: { search: { case: "loginName", value: name } } }) as const;
export const loginName = ({ id }: TestUser): string => `${id}@example.com`;

export const hourMs = 3_600_000;

/** Who may do something to everybody's sessions. */
export const rolesWithSessions: readonly Role[] = ["IAM_OWNER", "IAM_LOGIN_CLIENT"];
export const callersWithout: readonly CallerKind[] = ["other", "IAM_USER_MANAGER", "ORG_OWNER"];

/** A day more than a hundred years. */
const tooLong = { seconds: 36_526n * 86_400n };

/** Refused wherever they are asked for: the reason names the field. */
export const notSupported = (
  [
    ["checks.password", { checks: { password: { password: "secret" } } }],
    ["checks.idp_intent", { checks: { idpIntent: { idpIntentId: "1", idpIntentToken: "2" } } }],
    ["checks.web_auth_n", { checks: { webAuthN: { credentialAssertionData: {} } } }],
    ["checks.totp", { checks: { totp: { code: "123456" } } }],
    ["checks.otp_email", { checks: { otpEmail: { code: "123456" } } }],
    [
      "challenges.web_auth_n",
      { challenges: { webAuthN: { domain: "a.ch", userVerificationRequirement: 1 } } },
    ],
    ["challenges.otp_email", { challenges: { otpEmail: {} } }],
  ] as const
).map(([field, asked]) => ({
  name: `${field}, which is not supported`,
  asked,
  expect: refused(Code.FailedPrecondition, "RINGBACK-n0Sup", `The field ${field} is not supported`),
}));

/** The limits of what creating and setting have in common. */
export function limitRows(message: string) {
  const tooMuch = "1".repeat(201);
  const rows = [
    ["an empty id of the user", { checks: byId({ id: "" }) }, "checks.user.user_id"],
    ["an id of the user of 201 characters", { checks: byId({ id: tooMuch }) }, "checks.user.user_id"],
    ["an empty login name", { checks: byName("") }, "checks.user.login_name"],
    ["a login name of 201 characters", { checks: byName(tooMuch) }, "checks.user.login_name"],
    ["an empty code", { checks: { otpSms: { code: "" } } }, "checks.otp_sms.code"],
    ["no lifetime", { lifetime: {} }, "lifetime"],
    ["a lifetime that is over", { lifetime: { nanos: -1 } }, "lifetime"],
  ] as const;
  return [
    ...rows.map(([name, asked, field]) => ({ name, asked, expect: invalid(`${message}.${field}`) })),
    {
      name: "a check of a user that names none",
      asked: { checks: { user: {} } },
      expect: invalid("CheckUser.search"),
    },
    {
      name: "a lifetime of more than a hundred years",
      asked: { lifetime: tooLong },
      expect: refused(
        Code.InvalidArgument,
        "QUERY-4M0fs",
        "The field lifetime is past its limit of 0 to 36525 days",
      ),
    },
  ];
}
