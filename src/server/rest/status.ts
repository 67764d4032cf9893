import { create, createRegistry, toJson, type JsonValue } from "@bufbuild/protobuf";
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { mergeNonProtocolHeaders, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import { jsonResponse } from "../json-response.ts";

/** The HTTP status of a gRPC code. https://cloud.google.com/apis/design/errors#handling_errors */
const httpStatus: Readonly<Record<Code, number>> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

/**
 * An error as the JSON of google.rpc.Status, with its HTTP status.
 * @param header of the answer so far; takes the metadata of the error.
 */
export function statusOf(
  error: ConnectError,
  header: Headers,
): { readonly status: number; readonly json: JsonValue } {
  mergeNonProtocolHeaders(header, error.metadata);
  const { code, rawMessage: message } = error;
  return { status: httpStatus[code], json: { code, message, details: error.details.map(detailJson) } };
}

/**
 * The same as a whole answer.
 * @param status instead of the one that belongs to the code.
 */
export function statusResponse(
  error: ConnectError,
  header: Headers = new Headers(),
  status?: number,
): UniversalServerResponse {
  const found = statusOf(error, header);
  return jsonResponse(status ?? found.status, found.json, header);
}

/** google.protobuf.Any in JSON. */
function detailJson(detail: ConnectError["details"][number]): JsonValue {
  if ("desc" in detail) {
    const any = anyPack(detail.desc, create(detail.desc, detail.value));
    return toJson(AnySchema, any, { registry: createRegistry(detail.desc) });
  }
  // Came in over the wire, of a type that is not known here.
  return {
    "@type": `type.googleapis.com/${detail.type}`,
    value: Buffer.from(detail.value).toString("base64"),
  };
}
