/**
 * Anybody may ask whether the server is ready, as often as they like, and each answer can be a question to the
 * database. So those who ask meanwhile share the answer, and it holds for a moment.
 */
export function sharedReadiness(
  isReady: () => boolean | Promise<boolean>,
  holdsMs: number,
): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let holdsUntilMs = 0;

  async function ask(): Promise<boolean> {
    holdsUntilMs = Infinity;
    try {
      return await isReady();
    } finally {
      holdsUntilMs = performance.now() + holdsMs;
    }
  }

  return () => {
    if (answer === undefined || performance.now() >= holdsUntilMs) answer = ask();
    return answer;
  };
}
