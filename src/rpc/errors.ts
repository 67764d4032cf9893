import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import { StoreUnavailableError } from "../app/store-port.ts";
import { DomainError, type ErrorKind, refusal } from "../domain/errors.ts";
import { languagesOf } from "./languages.ts";
import { sentence } from "./texts/sentence.ts";

/** The one table from what the domain says to what the wire says; the HTTP status follows from the code. */
const codes: Readonly<Record<ErrorKind, Code>> = {
  invalid_argument: Code.InvalidArgument,
  failed_precondition: Code.FailedPrecondition,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  unauthenticated: Code.Unauthenticated,
  resource_exhausted: Code.ResourceExhausted,
  deadline_exceeded: Code.DeadlineExceeded,
  unavailable: Code.Unavailable,
};

const storeRefusals = {
  nothing: refusal("unavailable", "RINGBACK-s7Dsk", "Errors.Store.Unavailable"),
  unknown: refusal("unavailable", "RINGBACK-u4Knw", "Errors.Store.OutcomeUnknown"),
} as const;

/**
 * A refusal as callers see it: its sentence, its id, and `zitadel.v1.ErrorDetail`. Everything that was not
 * meant for them is given back as it is; the server masks and logs it.
 */
export function toWireError(error: unknown, languages: readonly string[]): unknown {
  if (error instanceof StoreUnavailableError) {
    return wireError(new DomainError(storeRefusals[error.outcome], {}, error), languages);
  }
  return error instanceof DomainError ? wireError(error, languages) : error;
}

function wireError(
  { refusal: { kind, id, key }, params, cause }: DomainError,
  languages: readonly string[],
): ConnectError {
  const message = sentence(key, params, languages);
  const detail = { desc: ErrorDetailSchema, value: { id, message } };
  // Of what is refused for a while only (RFC 9110 section 10.2.3): programs should not have to read it in the sentence.
  const { seconds } = params;
  const metadata = seconds === undefined ? undefined : { "retry-after": seconds };
  return new ConnectError(`${message} (${id})`, codes[kind], metadata, [detail], cause);
}

/** Translates what handlers throw, before or while they answer. */
export function errorInterceptor(): Interceptor {
  return (next) => async (request) => {
    const languages = languagesOf({ values: request.contextValues });
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: translated(response.message, languages) } : response;
    } catch (error) {
      throw toWireError(error, languages);
    }
  };
}

async function* translated<T>(messages: AsyncIterable<T>, languages: readonly string[]): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw toWireError(error, languages);
  }
}
