import packageJson from "../package.json" with { type: "json" };
import { build } from "./build.ts";
import { commandOf, UsageError } from "./commands.ts";
import { ConfigError, readConfig } from "./config/config.ts";
import { helpText } from "./config/help.ts";
import { warnings } from "./config/warnings.ts";
import { Deadline } from "./lib/deadline.ts";
import { errorMessage } from "./lib/error-message.ts";
import { createLog } from "./lib/log.ts";
import { welcome } from "./welcome.ts";

/** Time that calls in flight get after SIGTERM or SIGINT. */
const graceMs = 10_000;

/** One Ctrl-C may come twice: a terminal signals the whole group of processes, and npm passes on what it got. */
const sameSignalMs = 1_000;

/** Misconfigured: the environment or the arguments are at fault, and nothing was begun. */
const exitCodes = { failed: 1, misconfigured: 2 } as const;

/** Without an argument: a server. */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const [first] = args;
  if (first === "help" || args.includes("--help") || args.includes("-h")) {
    process.stdout.write(helpText());
    return;
  }
  if (first === "--version" || first === "-v") {
    process.stdout.write(`${packageJson.version}\n`);
    return;
  }
  const command = first === undefined ? undefined : commandOf(args);
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  if (command !== undefined) return command(config, log);
  for (const warning of warnings(config)) log.warn(warning);

  const starting = build(config, { log });
  let stopping: Deadline | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping?.isOver) process.exit(exitCodes.failed); // asked again: do not wait for anybody
    if (stopping !== undefined) return;
    stopping = new Deadline(sameSignalMs);
    log.info("shutting down", { signal });
    starting
      .then((ringback) => ringback.shutdown(graceMs))
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error("the shutdown failed", { error });
          process.exit(exitCodes.failed);
        },
      );
  };
  // Before the start: whoever sees that the server answers may stop it at once.
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const { url, newAdminToken } = await starting;
  process.stdout.write(welcome(url, newAdminToken, config.sms.kind));
}

main().catch((error: unknown) => {
  const isMisconfigured = error instanceof ConfigError || error instanceof UsageError;
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(isMisconfigured ? exitCodes.misconfigured : exitCodes.failed);
});
