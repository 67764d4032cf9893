import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { RequestChallenges } from "../../gen/zitadel/session/v2/challenge_pb.js";
import type { Checks } from "../../gen/zitadel/session/v2/session_pb.js";
import {
  type CreateSessionRequest,
  CreateSessionResponseSchema,
  DeleteSessionResponseSchema,
  GetSessionResponseSchema,
  ListSessionsResponseSchema,
  type SessionService,
  type SetSessionRequest,
  SetSessionResponseSchema,
} from "../../gen/zitadel/session/v2/session_service_pb.js";
import type { AppContext } from "../app/context.ts";
import {
  createSession,
  deleteSession,
  getSession,
  listSessions,
  type SessionRequest,
  setSession,
} from "../app/session.ts";
import { codeRequestOf } from "./code-request.ts";
import { boundedMs } from "./durations.ts";
import { v2ChangeDetails, v2ListDetails, v2ViewDetails } from "./details.ts";
import { callerOf } from "./gate.ts";
import { noLinks, noPasswords, onlySms, refusePresent } from "./refused-fields.ts";
import { present } from "./present.ts";
import { requiredOneof } from "./required.ts";
import { sessionSearch } from "./session-queries.ts";
import { userAgentOf, v2Session } from "./sessions.ts";

/** zitadel.session.v2.SessionService. */
export function sessionV2(app: AppContext): ServiceImpl<typeof SessionService> {
  return {
    async createSession(request, context) {
      const { sessionId, details, token, otpSmsCode } = await createSession(
        app,
        callerOf(context),
        sessionRequestOf(request, context),
        userAgentOf(request.userAgent),
      );
      return create(CreateSessionResponseSchema, {
        details: v2ViewDetails(details),
        sessionId,
        sessionToken: token,
        challenges: request.challenges && { otpSms: otpSmsCode },
      });
    },

    async setSession(request, context) {
      const { details, token, otpSmsCode } = await setSession(
        app,
        callerOf(context),
        request.sessionId,
        request.sessionToken,
        sessionRequestOf(request, context),
      );
      return create(SetSessionResponseSchema, {
        details: v2ChangeDetails(details),
        sessionToken: token,
        challenges: request.challenges && { otpSms: otpSmsCode },
      });
    },

    async getSession({ sessionId, sessionToken = "" }, context) {
      const view = await getSession(app, callerOf(context), sessionId, sessionToken);
      return create(GetSessionResponseSchema, { session: v2Session(view) });
    },

    async deleteSession({ sessionId, sessionToken = "" }, context) {
      const details = await deleteSession(app, callerOf(context), sessionId, sessionToken);
      return create(DeleteSessionResponseSchema, { details: v2ChangeDetails(details) });
    },

    async listSessions(request, context) {
      const caller = callerOf(context);
      const page = await listSessions(app, caller, sessionSearch(request, caller.userId));
      return create(ListSessionsResponseSchema, {
        details: v2ListDetails(page),
        sessions: page.items.map(v2Session),
      });
    },
  };
}

/** @throws DomainError naming the first field that cannot be honored */
function sessionRequestOf(
  { checks, challenges, metadata, lifetime }: CreateSessionRequest | SetSessionRequest,
  context: HandlerContext,
): SessionRequest {
  refuseOthers(checks, challenges);
  const entries = Object.entries(metadata).map(
    ([key, value]) => [key, Buffer.from(value).toString("base64")] as const,
  );
  return {
    ...codeRequestOf(context),
    ...present<SessionRequest>({
      user: checks?.user && checkedUserOf(checks.user),
      otpSmsCode: checks?.otpSms?.code,
      otpSmsChallenge: challenges?.otpSms && { returnCode: challenges.otpSms.returnCode },
      lifetimeMs: lifetime && boundedMs("lifetime", lifetime),
    }),
    metadata: Object.fromEntries(entries),
    origin: originOf(context.url),
  };
}

/** Empty for a URL that no browser was on, e.g. one with another scheme. */
function originOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed?.protocol === "https:" || parsed?.protocol === "http:" ? parsed.origin : "";
}

function checkedUserOf({ search }: NonNullable<Checks["user"]>): NonNullable<SessionRequest["user"]> {
  const { case: by, value } = requiredOneof(search, "CheckUser.search");
  return by === "userId" ? { id: value } : { loginName: value };
}

function refuseOthers(checks: Checks | undefined, challenges: RequestChallenges | undefined): void {
  refusePresent({ "checks.password": checks?.password }, noPasswords);
  refusePresent({ "checks.idp_intent": checks?.idpIntent }, noLinks);
  refusePresent(
    {
      "checks.web_auth_n": checks?.webAuthN,
      "checks.totp": checks?.totp,
      "checks.otp_email": checks?.otpEmail,
      "challenges.web_auth_n": challenges?.webAuthN,
      "challenges.otp_email": challenges?.otpEmail,
    },
    onlySms,
  );
}
