import { Deadline, withoutDeadline } from "../lib/deadline.ts";

/**
 * Anybody may ask whether the server is ready, as often as they like, and each answer can be a question to the
 * database. So there is one question at a time, whose answer all get who ask meanwhile, and a yes holds for a moment.
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
    let isYes = false;
    try {
      // Whoever asked first may have little time, and others share the answer.
      isYes = await withoutDeadline(isReady);
      return isYes;
    } finally {
      holds = new Deadline(isYes ? holdsMs : 0);
    }
  }

  return () => {
    if (answer === undefined || holds?.isOver === true) answer = ask();
    return answer;
  };
}
