import { readFileSync } from "node:fs";

/** SQL under the name that a connection prepares it by, once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

function read(file: string): Statement {
  const text = readFileSync(new URL(`statements/${file}.sql`, import.meta.url), "utf8");
  return { name: `ringback-${file}`, text };
}

/**
 * All that is asked often, a file each. They name the columns that they give: what is prepared with `*` fails once the
 * next release adds one.
 */
export const statements = {
  appendToInbox: read("append-to-inbox"),
  beginAttempt: read("begin-attempt"),
  claim: read("claim"),
  clearInbox: read("clear-inbox"),
  commit: read("commit"),
  findAnswer: read("find-answer"),
  findByKey: read("find-by-key"),
  findMessage: read("find-message"),
  history: read("history"),
  listInbox: read("list-inbox"),
  listInboxNewestFirst: read("list-inbox-newest-first"),
  load: read("load"),
  nextDue: read("next-due"),
  noteReceipt: read("note-receipt"),
  removeRows: read("remove-rows"),
  removeWriters: read("remove-writers"),
  replaceKeys: read("replace-keys"),
  replaceSessionRecords: read("replace-session-records"),
  replaceStates: read("replace-states"),
  replaceUserRecords: read("replace-user-records"),
  reseal: read("reseal"),
  restoreAnswers: read("restore-answers"),
  restoreEvents: read("restore-events"),
  restoreInboxMessages: read("restore-inbox-messages"),
  restoreMessages: read("restore-messages"),
  retry: read("retry"),
  settle: read("settle"),
  settledPosition: read("settled-position"),
  takeOverWriter: read("take-over-writer"),
  waiting: read("waiting"),
};
