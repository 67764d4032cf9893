import type { DescField } from "@bufbuild/protobuf";
import { createContextKey, type ContextKey, type Interceptor } from "@connectrpc/connect";
import { setTextField, type TextField } from "./fields.ts";
import type { HttpBinding } from "./http-rule.ts";
import type { PathMatch } from "./path-router.ts";
import { parseQuery } from "./query.ts";

/** What the URL of a request says of its message. */
export interface UrlFields {
  readonly path: readonly TextField[];
  /** Without the question mark; empty where the body is the whole message (http.proto). */
  readonly query: string;
  /** The field that is the body, of which the query says nothing. */
  readonly bodyField: DescField | undefined;
}

/** @param query of the target, without the question mark */
export function urlFieldsOf(
  { value: { binding }, captures }: PathMatch<{ readonly binding: HttpBinding }>,
  query: string,
): UrlFields {
  const { pathFields, body } = binding;
  return {
    path: pathFields.map(({ path, name }, index) => ({
      path,
      name,
      texts: captures.slice(index, index + 1),
    })),
    query: body === "message" ? "" : query,
    bodyField: typeof body === "string" ? undefined : body,
  };
}

/** Context value: set for requests to a REST path, in whatever protocol. */
export const urlFieldsKey: ContextKey<UrlFields | undefined> = createContextKey<UrlFields | undefined>(
  undefined,
  {
    description: "fields of the request message that are given in its URL",
  },
);

/** Writes the fields of the URL into the message; those of the path win. No interceptor may look at the message before it. */
export const mergeUrlFields: Interceptor = (next) => (request) => {
  const url = request.contextValues.get(urlFieldsKey);
  if (!request.stream && url !== undefined) {
    const { input } = request.method;
    const inQuery = url.query === "" ? [] : parseQuery(input, url.query);
    const fields = [...inQuery.filter(({ path }) => path[0] !== url.bodyField), ...url.path];
    for (const field of fields) setTextField(input, request.message, field);
  }
  return next(request);
};
