import type { HandlerContext } from "@connectrpc/connect";

/** Runs before the body of a request is read; throws a ConnectError to refuse it. */
export type RequestGate = (context: HandlerContext) => void | Promise<void>;
