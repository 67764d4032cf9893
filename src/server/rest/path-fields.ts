import { createContextKey, type ContextKey, type Interceptor } from "@connectrpc/connect";
import { setTextField, type TextField } from "./fields.ts";

/** Context value: the fields of the request that stand in its path. */
export const pathFieldsKey: ContextKey<readonly TextField[]> = createContextKey([], {
  description: "fields of the request message that are given in the path",
});

/** Writes the fields of the path into the message; they win. Must be the outermost interceptor. */
export const mergePathFields: Interceptor = (next) => (request) => {
  if (!request.stream) {
    for (const field of request.contextValues.get(pathFieldsKey)) {
      setTextField(request.method.input, request.message, field);
    }
  }
  return next(request);
};
