const tasks: (() => void)[] = [];

/**
 * Does it at the end of this turn of the event loop, right after all else that was put off to it. So each step of many
 * calls is done for all of them before the next one: the code of a step stays in the CPU's cache, where that of a whole
 * call would not, and no write wakes a client between the work for two calls (docs/performance.md).
 *
 * @param task must not throw
 */
export function atTurnEnd(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(doTasks);
}

function doTasks(): void {
  for (const task of tasks.splice(0)) task();
}
