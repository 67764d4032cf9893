import type { DatabaseSync } from "node:sqlite";
import type { CommitOutcome, KeptAnswer } from "../../app/store-port.ts";
import { pruneStepAnswers } from "../bounds.ts";
import { integer } from "../sql/columns.ts";
import { count } from "./count.ts";

export interface AnswerWrites {
  refusal(answer: KeptAnswer, nowMs: number): CommitOutcome | undefined;
  add(answer: KeptAnswer): void;
}

/** The answers that are kept for repeated calls. */
export function prepareAnswerWrites(database: DatabaseSync, answersMax: number): AnswerWrites {
  let kept = count(database, "answers");
  const select = database.prepare("SELECT expires_ms FROM answers WHERE key = ?");
  const insert = database.prepare("INSERT INTO answers (key, sealed, expires_ms) VALUES (?, ?, ?)");
  const remove = database.prepare("DELETE FROM answers WHERE key = ?");
  const prune = database.prepare(
    `DELETE FROM answers WHERE expires_ms <= ?
     AND number IN (SELECT number FROM answers ORDER BY number LIMIT ${pruneStepAnswers})`,
  );
  return {
    refusal({ key }, nowMs) {
      kept -= Number(prune.run(nowMs).changes);
      const found = select.get(key);
      if (found !== undefined && nowMs < integer(found["expires_ms"])) return { kind: "answered" };
      return kept >= answersMax ? { kind: "answers_full" } : undefined;
    },
    add({ key, sealed, expiresMs }) {
      // One that is past its time gives its place up.
      kept += 1 - Number(remove.run(key).changes);
      insert.run(key, sealed, expiresMs);
    },
  };
}
