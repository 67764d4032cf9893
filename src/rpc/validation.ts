import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import type { DescMessage, Message } from "@bufbuild/protobuf";

/** Refuses requests that break a limit of the contract, naming `<Message>.<field>` and the rule. */
export function validationInterceptor(): Interceptor {
  const validator = createValidator();
  return (next) => (request) => {
    const schema = request.method.input;
    if (request.stream) return next({ ...request, message: eachValid(schema, request.message) });
    requireValid(schema, request.message);
    return next(request);
  };

  async function* eachValid(schema: DescMessage, messages: AsyncIterable<Message>) {
    for await (const message of messages) {
      requireValid(schema, message);
      yield message;
    }
  }

  function requireValid(schema: DescMessage, message: Message): void {
    const result = validator.validate(schema, message);
    if (result.kind === "valid") return;
    if (result.kind === "error") throw result.error;
    const sentences = result.violations.map((violation) => sentenceOf(schema, violation));
    throw new ConnectError(`invalid ${sentences.join("; ")}`, Code.InvalidArgument);
  }
}

function sentenceOf(schema: DescMessage, violation: Violation): string {
  const path = violation.field
    .map((part) => {
      switch (part.kind) {
        case "field":
          return `.${part.name}`;
        case "oneof":
          return `.${part.name}`;
        case "extension":
          return `.[${part.typeName}]`;
        case "list_sub":
          return `[${part.index}]`;
        case "map_sub":
          return `[${String(part.key)}]`;
      }
    })
    .join("");
  return `${schema.name}${path}: ${violation.message}`;
}
