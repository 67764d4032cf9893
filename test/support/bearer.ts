import type { Interceptor } from "@connectrpc/connect";

/** Calls with this token. */
export function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
