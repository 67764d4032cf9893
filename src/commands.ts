import { statSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { foldRows } from "./app/fold.ts";
import { exportLines, importLines, type KeptCounts, noCounts } from "./app/transfer.ts";
import { acceptKey, openStore } from "./build.ts";
import { type Config, ConfigError } from "./config/config.ts";
import { type Store, StoreUnavailableError } from "./app/store-port.ts";
import { errorCode } from "./lib/error-code.ts";
import { errorMessage } from "./lib/error-message.ts";
import { chunksOf, linesOf } from "./lib/lines.ts";
import type { Log } from "./lib/log.ts";

/** What the program does besides serving. Each works on the configured store, tells how it went, and ends. */

interface Command {
  /** @param file only where it takes one */
  readonly run: (config: Config, log: Log, file: string | undefined) => Promise<void>;
  readonly takesFile?: true;
  /** It makes no store: an empty one in the place of the one that was meant would look like success. */
  readonly needsStore?: true;
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["migrate", { run: migrateStore }],
  ["export", { run: exportStore, takesFile: true, needsStore: true }],
  ["import", { run: importStore, takesFile: true }],
  ["rebuild", { run: rebuildRows, needsStore: true }],
  ["accept-key", { run: acceptMasterKey, needsStore: true }],
]);

/** Far more than a request may bring into one event. */
const lineBytesMax = 64 * 1024 * 1024;

/** What stands behind the name of the program is no command, or not what the command takes. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * @param args e.g. `["export", "backup.ndjson"]`
 * @returns carries the command out; rejects with a ConfigError where the configured store is none for it
 * @throws UsageError
 */
export function commandOf([name = "", ...args]: readonly string[]): (
  config: Config,
  log: Log,
) => Promise<void> {
  const command = commands.get(name);
  if (name.startsWith("-")) {
    throw new UsageError(
      `there is no option ${name}: a server is set up by environment variables, which --help lists`,
    );
  }
  if (command === undefined) {
    throw new UsageError(
      `there is no command ${name}: there are ${[...commands.keys()].join(", ")} and help; a server is started without one`,
    );
  }
  const option = args.find((each) => each.startsWith("-") && each !== "-");
  if (option !== undefined) throw new UsageError(`${name} has no option ${option}`);
  const tooMany = args.slice(command.takesFile ? 1 : 0).join(" ");
  if (tooMany !== "") {
    throw new UsageError(
      command.takesFile
        ? `${name} takes one file at most, and there are more arguments: ${tooMany}`
        : `${name} takes no arguments, and there are: ${tooMany}`,
    );
  }
  return async (config, log) => {
    requireStore(name, command, config);
    await command.run(config, log, args[0]);
  };
}

/** @throws ConfigError */
function requireStore(name: string, { needsStore }: Command, { store }: Config): void {
  if (store.kind === "memory") {
    throw new ConfigError([`RINGBACK_STORE is memory: - ${name} needs a sqlite or postgres store`]);
  }
  // A file without content is what a failed copy leaves; a server would take it for a new database.
  const isThere = store.kind !== "sqlite" || (statSync(store.file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (needsStore && !isThere) {
    throw new ConfigError([`RINGBACK_STORE: there is no database ${store.file}, and ${name} makes none`]);
  }
}

async function rebuildRows(config: Config, log: Log): Promise<void> {
  const rows = await withStore(config, log, async (store) => {
    await requireEvents(store);
    return store.rebuild(foldRows);
  });
  process.stdout.write(`Rows computed from the events: ${rows}.\n`);
}

/** For a store whose master key is lost. */
async function acceptMasterKey(config: Config, log: Log): Promise<void> {
  await withStore(config, log, async (store) => {
    await requireEvents(store);
    await acceptKey(config, store);
  });
  process.stdout.write("The store is served with the present master key from now on.\n");
}

/** Opening a store brings it to the newest version. */
async function migrateStore(config: Config, log: Log): Promise<void> {
  await withStore(config, log, async () => undefined);
  process.stdout.write("The store has the schema of this release.\n");
}

/** @param file standard output if it is left out or "-"; it must not be there yet */
async function exportStore(config: Config, log: Log, file: string | undefined): Promise<void> {
  const counts = noCounts();
  await withStore(config, log, async (store) => {
    await requireEvents(store);
    const chunks = chunksOf(exportLines(store, counts));
    return isStandard(file) ? pipeline(chunks, process.stdout, { end: false }) : writeNewFile(file, chunks);
  });
  tell(`Exported: ${described(counts)}.`);
  tell(
    "It holds phone numbers, hashes of tokens, encrypted secrets, and the messages of the inbox as they are: keep it as " +
      `you keep the store. The master key is not in it: take ${masterKeyPlace(config)} to the new place by another way.`,
  );
}

/** @param file standard input if it is left out or "-" */
async function importStore(config: Config, log: Log, file: string | undefined): Promise<void> {
  const input = isStandard(file) ? process.stdin : (await openFile(file, "r")).createReadStream();
  const imported = await withStore(config, log, (store) =>
    importLines(store, linesOf(input, lineBytesMax)).catch((cause: unknown) => {
      if (cause instanceof StoreUnavailableError && cause.outcome === "unknown") throw cause;
      throw new Error(`nothing was imported: ${errorMessage(cause)}`, { cause });
    }),
  );
  tell(`Imported: ${described(imported)}; rows made from the events: ${imported.rows}.`);
  tell(
    `What is encrypted in it opens only with the master key of the store that it came from: it must be in ` +
      `${masterKeyPlace(config)} before a server starts.`,
  );
}

function isStandard(file: string | undefined): file is undefined | "-" {
  return file === undefined || file === "-";
}

/** A server writes events when it starts for the first time. */
async function requireEvents(store: Store): Promise<void> {
  const events = await store.history(0, 1);
  if (events.length === 0) {
    throw new Error("there is nothing in the store: is RINGBACK_STORE the one that you mean?");
  }
}

async function withStore<T>(config: Config, log: Log, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(config, log);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** On the disk once it resolves; gone again if it fails. */
async function writeNewFile(file: string, chunks: AsyncIterable<string>): Promise<void> {
  const handle = await openFile(file, "wx");
  try {
    await pipeline(chunks, handle.createWriteStream({ flush: true }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** @throws Error in plain words */
async function openFile(file: string, flags: "r" | "wx"): Promise<FileHandle> {
  try {
    return await open(file, flags, 0o600);
  } catch (cause) {
    throw new Error(`cannot open ${file}: ${reasonOf(cause, flags)}`, { cause });
  }
}

function reasonOf(cause: unknown, flags: "r" | "wx"): string {
  switch (errorCode(cause)) {
    case "EEXIST":
      return "there is such a file already, and it is not written over";
    case "ENOENT":
      return `there is no such ${flags === "r" ? "file" : "folder"}`;
    case "EACCES":
      return "this user has no right to";
    default:
      return String(cause);
  }
}

function masterKeyPlace({ masterKeys, store }: Config): string {
  if (masterKeys !== undefined || store.kind !== "sqlite") return "RINGBACK_MASTER_KEY";
  return `the file ${store.keyFile}`;
}

function described({ event, message, inboxMessage, answer }: KeptCounts): string {
  return `events: ${event}, messages of the outbox: ${message}, of the inbox: ${inboxMessage}, kept answers: ${answer}`;
}

/** Standard output may be the export. */
function tell(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
