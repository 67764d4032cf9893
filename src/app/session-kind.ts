import { evolveSession, type SessionEvent, type SessionState } from "../domain/session-state.ts";
import type { AggregateKind, Loaded, Repository } from "./repository.ts";
import { noEndMs, type SessionRecord } from "./search.ts";

export type SessionRepository = Repository<SessionState, SessionEvent>;
export type LoadedSession = Loaded<SessionState>;

/** Sessions, and what they are found by. */
export const sessionKind: AggregateKind<SessionState, SessionEvent> = {
  type: "session",
  cachedMax: 20_000,
  bulkOf: ({ metadata, userAgent }) => [metadata, userAgent],
  evolve: evolveSession,
  recordOf,
};

function recordOf(session: SessionState): SessionRecord | null {
  if (session.status === "terminated") return null;
  return {
    userId: session.user?.id ?? "",
    creatorId: session.creatorId,
    fingerprintId: session.userAgent?.fingerprintId ?? "",
    createdMs: session.createdMs,
    expiresMs: session.expiresMs ?? noEndMs,
  };
}
