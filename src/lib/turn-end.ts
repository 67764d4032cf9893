const tasks: (() => void)[] = [];

/**
 * Does it at the end of this turn of the event loop, right after all else that was put off to it. What many calls need
 * is then done for all of them, one step after the other: its code stays in the CPU's cache, which all that is done for
 * one call does not, and no write wakes a client between the work for two calls (docs/performance.md).
 *
 * @param task must not throw
 */
export function atTurnEnd(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(doTasks);
}

function doTasks(): void {
  for (const task of tasks.splice(0)) task();
}
