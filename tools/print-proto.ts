import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";

/**
 * Prints a proto2 file descriptor as .proto source: enough of it to compile files that import it.
 * Comments, custom options and defaults are left out.
 */
export function printProto(file: DescFile): string {
  if (file.proto.syntax !== "proto2" && file.proto.syntax !== "") {
    throw new Error(`${file.name}: only proto2 can be printed, this is ${file.proto.syntax}`);
  }
  return [
    'syntax = "proto2";',
    `package ${file.proto.package};`,
    ...file.proto.dependency.map((path) => `import "${path}";`),
    ...file.enums.map(printEnum),
    ...file.messages.map(printMessage),
    ...file.extensions.map(printExtension),
    "",
  ].join("\n");
}

function printMessage(message: DescMessage): string {
  const ranges = message.proto.extensionRange.map(
    // `end` is exclusive; 2^29 is what "max" stands for.
    ({ start, end }) => `extensions ${start} to ${end === 536_870_912 ? "max" : end - 1};`,
  );
  const members = message.members.map((member) =>
    member.kind === "oneof"
      ? `oneof ${member.name} {\n${member.fields.map((field) => printField(field)).join("\n")}\n}`
      : printField(member, labelOf(member)),
  );
  return [
    `message ${message.name} {`,
    ...message.nestedEnums.map(printEnum),
    ...message.nestedMessages.map(printMessage),
    ...members,
    ...ranges,
    "}",
  ].join("\n");
}

function printEnum(descriptor: DescEnum): string {
  const values = descriptor.values.map((value) => `${value.name} = ${value.number};`);
  return [`enum ${descriptor.name} {`, ...values, "}"].join("\n");
}

function printExtension(extension: DescExtension): string {
  return `extend .${extension.extendee.typeName} {\n${printField(extension, labelOf(extension))}\n}`;
}

function printField(field: DescField | DescExtension, label = ""): string {
  const name = field.kind === "extension" ? field.name.slice(field.name.lastIndexOf(".") + 1) : field.name;
  return `${label}${typeOf(field)} ${name} = ${field.number};`;
}

function labelOf(field: DescField | DescExtension): string {
  if (field.fieldKind === "map") return "";
  return field.fieldKind === "list" ? "repeated " : "optional ";
}

function typeOf(field: DescField | DescExtension): string {
  if (field.message !== undefined) return `.${field.message.typeName}`;
  if (field.enum !== undefined) return `.${field.enum.typeName}`;
  if (field.fieldKind === "map" || field.scalar === undefined) {
    throw new Error(`${field.toString()}: cannot be printed`);
  }
  return ScalarType[field.scalar].toLowerCase();
}
