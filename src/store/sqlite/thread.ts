import type { Worker } from "node:worker_threads";

export function post(worker: Worker, request: unknown): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have an origin
  worker.postMessage(request);
}

/** Asks a thread to end, which closes its database. Resolves once it has. */
export async function endThread(worker: Worker): Promise<void> {
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  post(worker, "close");
  await exited;
}
