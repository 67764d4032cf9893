import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { Deadline, withDeadline } from "../lib/deadline.ts";
import type { Log } from "../lib/log.ts";
import { maskErrors } from "./errors.ts";
import type { RequestGate } from "./request-gate.ts";

const deadlineKey = createContextKey<Deadline | undefined>(undefined, {
  description: "when the client stops to wait",
});

/** A gate that notes the deadline of a call before anything else: interceptors are not told of it. */
export function noteDeadline(gate: RequestGate): RequestGate {
  return (context) => {
    const timeoutMs = context.timeoutMs();
    if (timeoutMs !== undefined) context.values.set(deadlineKey, new Deadline(timeoutMs));
    return gate(context);
  };
}

/**
 * Answers a unary call when its client's time is up, whatever it still waits for, and lets that know how long it has.
 * What is on its way by then may still happen: so gRPC has it of DeadlineExceeded.
 */
export function keepDeadline(log: Log): Interceptor {
  return (next) => {
    // A defect that shows behind the deadline reaches nobody any more but the log.
    const logged = maskErrors(log)(next);
    return (request) => {
      const deadline = request.contextValues.get(deadlineKey);
      if (deadline === undefined || request.stream) return next(request);
      if (deadline.isOver) throw timedOut();
      const answer = withDeadline(deadline, () => logged(request));
      return Promise.race([answer, timeUp(deadline, answer)]);
    };
  };
}

/** Rejects then, unless the answer is there before. */
function timeUp(deadline: Deadline, answer: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      reject(timedOut());
    }, deadline.remainingMs);
    const stop = () => clearTimeout(timer);
    answer.then(stop, stop);
  });
}

function timedOut(): ConnectError {
  return new ConnectError("the operation timed out", Code.DeadlineExceeded);
}
