import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createValidator } from "@bufbuild/protovalidate";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { type InnerMessage, innerMessages } from "./inner-messages.ts";

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
    const sentences = sentencesAbout(schema, { desc: schema, message, path: [] });
    // The validator leaves out the rules of a message within one of its own type (protovalidate-es 1.3.0).
    for (const inner of innerMessages(schema, message)) {
      if (sentences.length > 0) break;
      sentences.push(...sentencesAbout(schema, inner));
    }
    if (sentences.length === 0) return;
    throw new ConnectError(`invalid ${sentences.join("; ")}`, Code.InvalidArgument);
  }

  /** @throws Error if the rules themselves are broken */
  function sentencesAbout(schema: DescMessage, { desc, message, path }: InnerMessage): string[] {
    const result = validator.validate(desc, message);
    if (result.kind === "error") throw result.error;
    if (result.kind === "valid") return [];
    return result.violations.map(({ field, message: rule }) => sentenceOf(schema, [...path, ...field], rule));
  }
}

function sentenceOf(schema: DescMessage, field: Path, rule: string): string {
  const path = field
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
  return `${schema.name}${path}: ${rule}`;
}
