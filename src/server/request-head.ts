/** What is needed of a request to know who answers it. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent: path and query, or a whole URL. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
}

/** The target is a path with a query, or, in requests to a proxy, a whole URL (RFC 9112 section 3.2). */
export function pathOf(target: string): string {
  const question = target.indexOf("?");
  return originForm(question === -1 ? target : target.slice(0, question));
}

/** Path and query of a target. */
export function originForm(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?]*/i, "");
}

/** The gRPC content type of a request to a REST path; one without body and content type asks by Accept. */
export function grpcContentType({ contentType, accept }: RequestHead): string | undefined {
  if (contentType !== undefined) return isGrpc(contentType) ? contentType : undefined;
  return accept
    ?.split(",")
    .map((type) => type.split(";", 1)[0]?.trim())
    .find(isGrpc);
}

export function isGrpc(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith("application/grpc") ?? false;
}
