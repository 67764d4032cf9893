import type { ServiceImpl } from "@connectrpc/connect";
import { SessionService as Stable } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SessionService as Beta } from "../../gen/zitadel/session/v2beta/session_service_pb.js";
import { carry } from "./carry.ts";

/** zitadel.session.v2beta.SessionService: v2 under its former name. */
export function sessionV2beta(v2: ServiceImpl<typeof Stable>): ServiceImpl<typeof Beta> {
  const { method: beta } = Beta;
  const { method: stable } = Stable;
  return {
    listSessions: carry(beta.listSessions, stable.listSessions, v2.listSessions),
    getSession: carry(beta.getSession, stable.getSession, v2.getSession),
    createSession: carry(beta.createSession, stable.createSession, v2.createSession),
    setSession: carry(beta.setSession, stable.setSession, v2.setSession),
    deleteSession: carry(beta.deleteSession, stable.deleteSession, v2.deleteSession),
  };
}
