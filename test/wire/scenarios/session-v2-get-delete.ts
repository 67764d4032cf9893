import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import type { World } from "../../support/wire-world.ts";
import { nobody } from "./givens.ts";
import {
  authenticationRows,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  refused,
  type Scenario,
} from "./scenario.ts";
import {
  ended,
  lacksPermission,
  notExisting,
  ofAge,
  ofDeleted,
  ofDeletedCreator,
  ofFormerLoginClient,
  ofRecreated,
  ofRecreatedCreator,
  ofUser,
  type Session,
  type SessionMethods,
  sessionOf,
  sessionRowsOf,
  time,
  tokenInvalid,
  withFormerToken,
} from "./session-givens.ts";
import { callersWithout, hourMs, rolesWithSessions } from "./session-inputs.ts";

/** GetSession and DeleteSession of the session services. */

/** @returns the rows about looking at one session, and about ending it */
export function sessionGetAndDeleteRows(title: string, methods: SessionMethods): readonly Scenario[] {
  return [...getRows(title, methods), ...deleteRows(title, methods)];
}

/** Whose own the session is no more, or who has only the id in common with somebody whose own it was. */
const strangers = [
  { name: "by its user, who is gone", given: ofDeleted },
  { name: "by its creator, who is gone", given: ofDeletedCreator },
  { name: "by somebody else who has the id of its user since", given: ofRecreated },
  { name: "by somebody else who has the id of its creator since", given: ofRecreatedCreator },
];

// ------------------------------------------------------------------------------------------ GetSession

function getRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.getSession);
  const bySession = ({ sessionId }: Session): { sessionId: string } => ({ sessionId });
  const byToken = ({ sessionId, sessionToken }: Session) => ({ sessionId, sessionToken });
  const missing = refused(Code.NotFound, "QUERY-SFeaa");
  const found = ({ sessionId, id }: Session): Outcome =>
    ok({
      session: expect.objectContaining({
        id: sessionId,
        factors: { user: expect.objectContaining({ id }) },
      }),
    });
  const base = { given: ofUser, input: bySession, expect: found } as const;
  return [
    row({ ...base, name: "with its token", everyWay: true, caller: "other", input: byToken }),
    row({ ...base, name: "by its user", caller: "self" }),
    row({ ...base, name: "by its creator", given: ofFormerLoginClient, caller: "self" }),
    ...rolesWithSessions.map((caller) => row({ ...base, name: `by ${caller}`, caller })),
    ...callersWithout.map((caller) =>
      row({ ...base, name: `by ${caller}`, caller, expect: lacksPermission }),
    ),
    row({
      ...base,
      name: "a former token",
      given: withFormerToken,
      caller: "self",
      input: byToken,
      expect: tokenInvalid,
    }),
    row({
      ...base,
      name: "whose life is over",
      given: ofAge(hourMs),
      caller: "administrator",
      expect: ({ sessionId, openedMs }) =>
        ok({
          session: expect.objectContaining({
            id: sessionId,
            creationDate: time(openedMs),
            expirationDate: time(openedMs + hourMs),
          }),
        }),
    }),
    row({
      ...base,
      name: "whose user is gone",
      given: ofDeleted,
      caller: "administrator",
      expect: ({ id, organizationId, openedMs }) =>
        ok({
          session: expect.objectContaining({
            factors: { user: { id, organizationId, verifiedAt: time(openedMs) } },
          }),
        }),
    }),
    row({
      ...base,
      name: "whose user's id somebody else has since",
      given: ofRecreated,
      caller: "administrator",
      expect: ({ id, organizationId, openedMs }) =>
        ok({
          session: expect.objectContaining({
            factors: { user: { id, organizationId, verifiedAt: time(openedMs) } },
          }),
        }),
    }),
    ...strangers.map((situation) =>
      row({ ...base, ...situation, everyWay: true, caller: "self", expect: lacksPermission }),
    ),
    row({
      ...base,
      name: "that was ended",
      everyWay: true,
      given: ended,
      caller: "administrator",
      expect: missing,
    }),
    row({
      ...base,
      name: "that never was",
      given: nobody,
      caller: "administrator",
      input: ({ id }) => ({ sessionId: id }),
      expect: missing,
    }),
    ...authenticationRows(row, { sessionId: "1" }),
  ];
}

// --------------------------------------------------------------------------------------- DeleteSession

function deleteRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.deleteSession);
  const bySession = ({ sessionId }: Session): { sessionId: string } => ({ sessionId });
  const byToken = ({ sessionId, sessionToken }: Session) => ({ sessionId, sessionToken });
  const base = { given: ofUser, input: bySession } as const;
  const isGone = async ({ sessionId }: Session, world: World): Promise<void> => {
    await expect(sessionOf(world, sessionId)).rejects.toThrow("QUERY-SFeaa");
  };
  const success = { ...base, expect: ok(), effect: ["session.terminated"], after: isGone } as const;
  return [
    row({ ...success, name: "with its token", caller: "other", input: byToken }),
    row({ ...success, name: "by its user", everyWay: true, caller: "self" }),
    row({ ...success, name: "by its creator", given: ofFormerLoginClient, caller: "self" }),
    ...rolesWithSessions.map((caller) => row({ ...success, name: `by ${caller}`, caller })),
    row({ ...success, name: "whose life is over", given: ofAge(hourMs), caller: "administrator" }),
    row({ ...success, name: "whose user is gone", given: ofDeleted, caller: "administrator" }),
    ...strangers.map((situation) => row({ ...base, ...situation, caller: "self", expect: lacksPermission })),
    row({
      ...base,
      name: "that was ended already",
      everyWay: true,
      given: ended,
      caller: "administrator",
      expect: ok(),
      details: "change",
    }),
    row({
      ...base,
      name: "that was ended already, by its former user",
      given: ended,
      caller: "self",
      expect: lacksPermission,
    }),
    ...callersWithout.map((caller) =>
      row({ ...base, name: `by ${caller}`, caller, expect: lacksPermission }),
    ),
    row({
      ...base,
      name: "a former token",
      given: withFormerToken,
      caller: "self",
      input: byToken,
      expect: tokenInvalid,
    }),
    row({
      ...base,
      name: "that never was",
      given: nobody,
      caller: "administrator",
      input: ({ id }) => ({ sessionId: id }),
      expect: notExisting,
    }),
    row({
      ...base,
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => ({ sessionId: "" }),
      expect: invalid("DeleteSessionRequest.session_id"),
      expectOfRest: noSuchPath,
    }),
    row({
      ...base,
      name: "an id of 201 characters",
      given: nobody,
      caller: "administrator",
      input: () => ({ sessionId: "1".repeat(201) }),
      expect: invalid("DeleteSessionRequest.session_id"),
    }),
    ...authenticationRows(row, { sessionId: "1".repeat(201) }),
  ];
}
