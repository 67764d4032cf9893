import { SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import { SessionService as Beta } from "../../../gen/zitadel/session/v2beta/session_service_pb.js";
import type { Scenario } from "./scenario.ts";
import type { SessionMethods } from "./session-givens.ts";
import { sessionChallengeRows } from "./session-v2-challenges.ts";
import { sessionCreateRows } from "./session-v2-create.ts";
import { sessionGetAndDeleteRows } from "./session-v2-get-delete.ts";
import { sessionV2QueryRows, sessionListRows } from "./session-v2-lists.ts";
import { sessionSetRows } from "./session-v2-set.ts";

/** The session services, which are the same under two names. */

function rowsOf(title: string, methods: SessionMethods): readonly Scenario[] {
  return [
    ...sessionCreateRows(title, methods),
    ...sessionSetRows(title, methods),
    ...sessionGetAndDeleteRows(title, methods),
    ...sessionChallengeRows(title, methods),
    ...sessionListRows(title, methods),
  ];
}

export const sessionsV2: readonly Scenario[] = [
  ...rowsOf("session.v2", SessionService.method),
  ...sessionV2QueryRows("session.v2"),
];

export const sessionsV2beta: readonly Scenario[] = rowsOf("session.v2beta", Beta.method);
