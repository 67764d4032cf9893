import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { Deadline, withDeadline } from "../lib/deadline.ts";
import { timeoutOf } from "./timeout.ts";

/**
 * Answers a unary call when its client's time is up, whatever it still waits for, and lets that know how long it has.
 * What is on its way by then may still happen: so gRPC has it of DeadlineExceeded.
 */
export function keepDeadlines(deadlineMsMax: number): Interceptor {
  return (next) => (request) => {
    const { header } = request;
    const { timeoutMs } = timeoutOf((name) => header.get(name), deadlineMsMax);
    if (timeoutMs === undefined || request.stream) return next(request);
    const answer = withDeadline(new Deadline(timeoutMs), () => next(request));
    return Promise.race([answer, timeUp(timeoutMs, answer)]);
  };
}

/** Rejects then, unless the answer is there before. */
function timeUp(timeoutMs: number, answer: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      reject(new ConnectError("the operation timed out", Code.DeadlineExceeded));
    }, timeoutMs);
    const stop = () => clearTimeout(timer);
    answer.then(stop, stop);
  });
}
