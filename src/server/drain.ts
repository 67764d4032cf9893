import { setMaxListeners } from "node:events";
import { Code, ConnectError, createContextKey, type ContextKey } from "@connectrpc/connect";

/**
 * Context value: is aborted when the server begins to shut down. The signal of a call is not, so that
 * ordinary calls finish; a handler that waits or streams without end listens to this one and ends.
 * The reason of both is a ConnectError that says so.
 */
export const drainSignalKey: ContextKey<AbortSignal> = createContextKey(new AbortController().signal, {
  description: "aborted when the server begins to shut down",
});

/** The two steps of a shutdown. */
export interface Drain {
  /** Aborted at the start: wind up. */
  readonly drainSignal: AbortSignal;
  /** Aborted when the time is up; aborts the signals of all calls that still run. */
  readonly shutdownSignal: AbortSignal;
  begin(): void;
  timeUp(): void;
}

export function createDrain(): Drain {
  const start = new AbortController();
  const end = new AbortController();
  // One listener for each call in flight: their number is bounded elsewhere.
  setMaxListeners(0, start.signal, end.signal);
  const shuttingDown = () => new ConnectError("the server is shutting down", Code.Unavailable);
  return {
    drainSignal: start.signal,
    shutdownSignal: end.signal,
    begin: () => start.abort(shuttingDown()),
    timeUp: () => end.abort(shuttingDown()),
  };
}
