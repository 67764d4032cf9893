import type { DescMessage, Message } from "@bufbuild/protobuf";
import { isReflectMessage, type Path, reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";

/** A message somewhere within another. */
export interface InnerMessage {
  readonly desc: DescMessage;
  readonly message: Message;
  /** From the outermost one. */
  readonly path: Path;
}

const nesting = new Map<DescMessage, boolean>();

/** The messages that lie within one of their own type, as a query may within a query. */
export function innerMessages(desc: DescMessage, message: Message): Iterable<InnerMessage> {
  let nests = nesting.get(desc);
  if (nests === undefined) {
    nests = canNest(desc, new Set());
    nesting.set(desc, nests);
  }
  return nests ? within(reflect(desc, message), new Set(), []) : [];
}

/** Whether a message of its own type can lie within this one, or within one that lies in it. */
function canNest(desc: DescMessage, around: ReadonlySet<DescMessage>): boolean {
  if (around.has(desc)) return true;
  const inside = new Set(around).add(desc);
  return ownFields(desc).some(({ message }) => message !== undefined && canNest(message, inside));
}

/** Without those of google.protobuf, such as Struct: they have no rules. */
function ownFields(desc: DescMessage) {
  return desc.fields.filter(({ message }) => message?.file.proto.package !== "google.protobuf");
}

function* within(
  message: ReflectMessage,
  around: ReadonlySet<DescMessage>,
  path: Path,
): Generator<InnerMessage> {
  const { desc } = message;
  if (around.has(desc)) yield { desc, message: message.message, path };
  const inside = new Set(around).add(desc);
  for (const field of ownFields(desc)) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") {
      yield* within(message.get(field), inside, [...path, field]);
    } else if (field.fieldKind === "list" && field.listKind === "message") {
      for (const [index, item] of [...message.get(field)].entries()) {
        if (!isReflectMessage(item)) continue;
        yield* within(item, inside, [...path, field, { kind: "list_sub", index }]);
      }
    }
  }
}
