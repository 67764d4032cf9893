import { systemClock } from "./clock.ts";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Writes one line of JSON per record. A record holds ids, counts and causes: never a code, a token,
 * a key, or a full phone number.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** @param write takes each finished line, newline included; standard error by default. */
export function createLog(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const threshold = logLevels.indexOf(level);
  const at =
    (name: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(name) < threshold) return;
      const time = new Date(systemClock.nowMs()).toISOString();
      const plain = Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [key, plainValue(value)]),
      );
      write(`${JSON.stringify({ time, level: name, message, ...plain })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) {
    return value.cause === undefined ? value.stack : `${value.stack}\ncaused by ${plainValue(value.cause)}`;
  }
  return typeof value === "bigint" ? value.toString() : value;
}
