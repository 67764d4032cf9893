/**
 * Generates `gen/` from `proto/` with buf, offline.
 *
 * The contracts that ours import (google.api, grpc health and reflection, buf.validate) come from npm
 * packages and are laid into the ignored folder `.proto-deps/` first. `--deps` stops after that.
 *
 * Run it by `npm run generate`.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { printProto } from "./print-proto.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const deps = join(root, ".proto-deps");

/** [file in node_modules, its import path below .proto-deps/<module>] */
const copies: readonly (readonly [string, string])[] = [
  ["protobufjs/google/api/annotations.proto", "google-api/google/api/annotations.proto"],
  ["protobufjs/google/api/http.proto", "google-api/google/api/http.proto"],
  ["grpc-health-check/proto/health/v1/health.proto", "grpc/grpc/health/v1/health.proto"],
  [
    "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
    "grpc/grpc/reflection/v1/reflection.proto",
  ],
  [
    "@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto",
    "grpc/grpc/reflection/v1alpha/reflection.proto",
  ],
];

rmSync(deps, { recursive: true, force: true });
for (const [from, to] of copies) {
  cpSync(join(root, "node_modules", from), join(deps, to));
}
// buf.validate is in no npm package as text; its descriptor is.
const validate = join(deps, "validate/buf/validate/validate.proto");
mkdirSync(dirname(validate), { recursive: true });
writeFileSync(validate, printProto(file_buf_validate_validate));

if (!process.argv.includes("--deps")) {
  execFileSync("buf", ["generate"], { cwd: root, stdio: "inherit" });
}
