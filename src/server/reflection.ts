import {
  toBinary,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import * as v1 from "../../gen/grpc/reflection/v1/reflection_pb.js";
import * as v1alpha from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import type { Limits } from "./limits.ts";
import { register, type Registration } from "./registration.ts";

/**
 * grpc.reflection.v1 and v1alpha (the same messages under two names), so that tools like grpcurl need no
 * .proto file. https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 * @param services what else is served; reflection adds itself
 * @param errorDetails the messages that errors carry: no method names them, and a client has to read them
 */
export function reflectionServices(
  services: readonly DescService[],
  errorDetails: readonly DescMessage[],
  limits: Limits,
): Registration[] {
  const answer = createIndex([...services, v1.ServerReflection, v1alpha.ServerReflection], errorDetails);
  let streams = 0;

  async function* serverReflectionInfo<R extends Request>(requests: AsyncIterable<R>) {
    if (streams >= limits.reflectionStreamsMax) {
      throw new ConnectError("too many ask what this server speaks", Code.ResourceExhausted);
    }
    streams += 1;
    try {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
      }
    } finally {
      streams -= 1;
    }
  }

  return [
    register(v1.ServerReflection, { serverReflectionInfo }),
    register(v1alpha.ServerReflection, { serverReflectionInfo }),
  ];
}

type Request = v1.ServerReflectionRequest | v1alpha.ServerReflectionRequest;

type Answer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

function createIndex(
  services: readonly DescService[],
  errorDetails: readonly DescMessage[],
): (request: Request) => Answer {
  const files = withImports([...services, ...errorDetails].map(({ file }) => file));
  const fileByName = new Map([...files].map((file) => [file.proto.name, file]));
  const fileBySymbol = new Map<string, DescFile>();
  const extensionsByType = new Map<string, DescExtension[]>();
  for (const file of files) {
    for (const symbol of symbolsOf(file)) fileBySymbol.set(symbol, file);
    for (const type of nestedTypes(file)) {
      if (type.kind !== "extension") continue;
      const known = extensionsByType.get(type.extendee.typeName) ?? [];
      extensionsByType.set(type.extendee.typeName, [...known, type]);
    }
  }

  return ({ messageRequest: request }) => {
    switch (request.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        };
      case "fileByFilename":
        return fileAnswer(fileByName.get(request.value), `file ${request.value}`);
      case "fileContainingSymbol":
        return fileAnswer(fileBySymbol.get(request.value), `symbol ${request.value}`);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.value;
        const extension = extensionsByType.get(containingType)?.find((e) => e.number === extensionNumber);
        return fileAnswer(extension?.file, `extension ${extensionNumber} of ${containingType}`);
      }
      case "allExtensionNumbersOfType": {
        const extensions = extensionsByType.get(request.value);
        if (extensions === undefined && !fileBySymbol.has(request.value)) {
          return notFound(`type ${request.value}`);
        }
        return {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: request.value, extensionNumber: (extensions ?? []).map((e) => e.number) },
        };
      }
      case undefined:
        return {
          case: "errorResponse",
          value: { errorCode: Code.InvalidArgument, errorMessage: "the request asks for nothing" },
        };
    }
  };
}

/** The file itself comes first, then all that it needs. */
function fileAnswer(file: DescFile | undefined, wanted: string): Answer {
  if (file === undefined) return notFound(wanted);
  const fileDescriptorProto = [...withImports([file])].map(bytesOf);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

/** Written once: anybody may ask, again and again, and it is half of what an answer costs. */
const written = new WeakMap<DescFile, Uint8Array>();

function bytesOf(file: DescFile): Uint8Array {
  const known = written.get(file);
  if (known !== undefined) return known;
  const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
  written.set(file, bytes);
  return bytes;
}

function notFound(wanted: string): Answer {
  return {
    case: "errorResponse",
    value: { errorCode: Code.NotFound, errorMessage: `there is no ${wanted}` },
  };
}

function withImports(files: readonly DescFile[], found = new Set<DescFile>()): Set<DescFile> {
  for (const file of files) {
    if (found.has(file)) continue;
    found.add(file);
    withImports(file.dependencies, found);
  }
  return found;
}

/** Full names of everything a file declares. */
function* symbolsOf(file: DescFile): Iterable<string> {
  for (const type of nestedTypes(file)) {
    yield type.typeName;
    switch (type.kind) {
      case "message":
        for (const { name } of [...type.fields, ...type.oneofs]) yield `${type.typeName}.${name}`;
        break;
      case "service":
        for (const { name } of type.methods) yield `${type.typeName}.${name}`;
        break;
      case "enum": {
        // The values of an enum are its siblings (descriptor.proto, EnumValueDescriptorProto).
        const scope = type.typeName.slice(0, -type.name.length);
        for (const { name } of type.values) yield scope + name;
        break;
      }
      case "extension":
        break;
    }
  }
}
