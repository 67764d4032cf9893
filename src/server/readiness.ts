import { Deadline, withoutDeadline } from "../lib/deadline.ts";

/**
 * Anybody may ask whether the server is ready, as often as they like, and each answer can be a question to the
 * database. So those who ask meanwhile share the answer, and it holds for a moment.
 */
export function sharedReadiness(
  isReady: () => boolean | Promise<boolean>,
  holdsMs: number,
): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  /** Undefined while the answer is on its way. */
  let holds: Deadline | undefined;

  async function ask(): Promise<boolean> {
    holds = undefined;
    try {
      // Whoever asked first may have little time, and others share the answer.
      return await withoutDeadline(isReady);
    } finally {
      holds = new Deadline(holdsMs);
    }
  }

  return () => {
    if (answer === undefined || holds?.isOver === true) answer = ask();
    return answer;
  };
}
