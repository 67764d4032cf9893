import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Log } from "../lib/log.ts";
import type { RequestGate } from "./request-gate.ts";

/**
 * What a client gets to see of an error. A ConnectError was meant for it; whatever else is logged
 * and becomes "internal error".
 */
export function publicError(reason: unknown, method: DescMethod, log: Log): ConnectError {
  if (reason instanceof ConnectError) return reason;
  // The client has gone, and what waited for its signal says so.
  if (isAbortError(reason)) return new ConnectError("the call was canceled", Code.Canceled);
  log.error("a call failed unexpectedly", { method: method.toString(), error: reason });
  return new ConnectError("internal error", Code.Internal, undefined, undefined, reason);
}

function isAbortError(reason: unknown): boolean {
  return typeof reason === "object" && reason !== null && "name" in reason && reason.name === "AbortError";
}

/** The interceptor that lets only ConnectErrors out. */
export function maskErrors(log: Log): Interceptor {
  return (next) => async (request) => {
    const { method } = request;
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: masked(response.message, method) } : response;
    } catch (reason) {
      throw publicError(reason, method, log);
    }
  };

  async function* masked<T>(messages: AsyncIterable<T>, method: DescMethod): AsyncIterable<T> {
    let isSending = false;
    try {
      for await (const message of messages) {
        isSending = true;
        yield message;
        isSending = false;
      }
    } catch (reason) {
      // What is thrown into `yield` comes from a connection that has gone, not from the handler.
      throw isSending ? reason : publicError(reason, method, log);
    }
  }
}

/** The same for a gate, which no interceptor sees. */
export function maskGateErrors(gate: RequestGate, log: Log): RequestGate {
  return (context) => {
    try {
      const passed = gate(context);
      return passed instanceof Promise
        ? passed.catch((reason: unknown) => {
            throw publicError(reason, context.method, log);
          })
        : passed;
    } catch (reason) {
      throw publicError(reason, context.method, log);
    }
  };
}
