const tasks: (() => void)[] = [];

/**
 * Does it at the end of this turn of the event loop, right after all else that was put off to it. Answers on many
 * connections then leave one after the other: each write between the work for two calls wakes a client that sleeps,
 * and that costs as much as the call (docs/performance.md).
 *
 * @param task must not throw
 */
export function atTurnEnd(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(doTasks);
}

function doTasks(): void {
  for (const task of tasks.splice(0)) task();
}
