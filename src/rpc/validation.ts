import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createValidator } from "@bufbuild/protovalidate";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { type InnerMessage, innerMessages } from "./inner-messages.ts";

/** Refuses requests that break a limit of the contract, naming the first `<Message>.<field>` that does and the rule. */
export function validationInterceptor(): Interceptor {
  // To find all that is wrong with 100,000 items takes seconds, and a sentence has no room for it.
  const validator = createValidator({ failFast: true });
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
    requireRules(schema, { desc: schema, message, path: [] });
    // The validator leaves out the rules of a message within one of its own type (protovalidate-es 1.3.0).
    for (const inner of innerMessages(schema, message)) requireRules(schema, inner);
  }

  /** @throws ConnectError InvalidArgument, or Error if the rules themselves are broken */
  function requireRules(schema: DescMessage, { desc, message, path }: InnerMessage): void {
    const { error, violations } = validator.validate(desc, message);
    const [violation] = violations ?? [];
    if (violation !== undefined) {
      // The contract has this rule for the value of an enum that stands for none: "must not be in list [0]".
      const rule = violation.ruleId === "enum.not_in" ? "value is required" : violation.message;
      const sentence = sentenceOf(schema, [...path, ...violation.field], rule);
      throw new ConnectError(`invalid ${sentence}`, Code.InvalidArgument);
    }
    if (error !== undefined) throw error;
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
