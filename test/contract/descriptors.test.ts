import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createRegistry, getOption } from "@bufbuild/protobuf";
import type { DescEnum, DescFile, DescMessage, DescService, Registry } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { auth_option as v1Auth } from "@zitadel/proto/zitadel/options_pb.js";
import { options as v2Options } from "@zitadel/proto/zitadel/protoc_gen_zitadel/v2/options_pb.js";
import { permission, success_status } from "../../gen/ringback/options/v1/options_pb.js";
import { acceptedDifferences, type AcceptedDifference } from "./descriptor-differences.ts";
import { differences, factsOf, printFacts, type Dialect, type Fact, type Facts } from "./descriptor-facts.ts";
import { protocGenValidate, protovalidate } from "./descriptor-limits.ts";

/**
 * Our descriptors against ZITADEL's own: whatever differs is on the list, with a reason, or a mistake; and those of
 * `ringback.*` against what they were.
 */

const rpcsPerService: Readonly<Record<string, number>> = {
  "zitadel.admin.v1.AdminService": 24,
  "zitadel.auth.v1.AuthService": 10,
  "zitadel.management.v1.ManagementService": 29,
  "zitadel.resources.user.v3alpha.ZITADELUsers": 15,
  "zitadel.session.v2.SessionService": 5,
  "zitadel.session.v2beta.SessionService": 5,
  "zitadel.settings.v2.SettingsService": 1,
  "zitadel.user.v2.UserService": 23,
  "zitadel.user.v2beta.UserService": 16,
  "zitadel.user.v3alpha.UserService": 6,
};

const ourDialect: Dialect = {
  limits: protovalidate,
  permission: (method) => getOption(method, permission),
  successStatus: (method) => getOption(method, success_status) || 200,
};

const theirDialect: Dialect = {
  limits: protocGenValidate,
  permission: (method) =>
    getOption(method, v1Auth).permission || getOption(method, v2Options).authOption?.permission || "none",
  successStatus: (method) => getOption(method, v2Options).httpResponse?.successCode || 200,
};

type Type = DescService | DescMessage | DescEnum;

/** All services, messages and enums of a package in the generated files in a folder, by full name. */
async function typesBelow(folder: string, packageName: string): Promise<ReadonlyMap<string, Type>> {
  const root = new URL(folder, import.meta.url);
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  const files = await Promise.all(
    names.filter((name) => name.endsWith("_pb.js")).map(async (name) => fileIn(new URL(name, root))),
  );
  const registry: Registry = createRegistry(...files);
  return new Map(
    [...registry]
      .filter((type): type is Type => type.kind !== "extension")
      .filter(({ typeName }) => typeName.startsWith(`${packageName}.`))
      .map((type) => [type.typeName, type]),
  );
}

async function fileIn(url: URL): Promise<DescFile> {
  const exported: Readonly<Record<string, unknown>> = await import(fileURLToPath(url));
  const file = Object.values(exported).find(isFile);
  if (file === undefined) throw new Error(`${url.pathname} exports no file descriptor`);
  return file;
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}

/** The entries of the list that tell a difference: one, if all is well. */
function entriesFor(difference: string): readonly AcceptedDifference[] {
  return acceptedDifferences.filter(({ line }) =>
    typeof line === "string" ? line === difference : line.test(difference),
  );
}

/** How much is on both sides, and so was compared. */
function tally(ours: Facts, theirs: Facts): Readonly<Record<string, number>> {
  const common = [...ours].filter(([subject]) => theirs.has(subject));
  const parts = (part: Fact["part"]): number => common.filter(([, fact]) => fact.part === part).length;
  const aspects = (prefix: string): number =>
    common.flatMap(([subject, fact]) =>
      [...fact.aspects.keys()].filter(
        (aspect) => aspect.startsWith(prefix) && theirs.get(subject)?.aspects.has(aspect),
      ),
    ).length;
  return {
    RPCs: parts("RPC"),
    messages: parts("message"),
    fields: parts("field"),
    "enum values": parts("enum value"),
    "HTTP rules": aspects("HTTP rule"),
    limits: aspects("limit"),
  };
}

describe("our descriptors and ZITADEL's", () => {
  let ourTypes: ReadonlyMap<string, Type>;
  let ours: Facts;
  let theirs: Facts;
  let found: readonly string[];

  beforeAll(async () => {
    ourTypes = await typesBelow("../../gen/zitadel/", "zitadel");
    const theirTypes = await typesBelow("../../node_modules/@zitadel/proto/es/zitadel/", "zitadel");
    ours = factsOf(ourTypes.values(), ourDialect);
    theirs = factsOf(
      [...theirTypes.values()].filter(({ typeName }) => ourTypes.has(typeName)),
      theirDialect,
    );
    found = differences(ours, theirs);
  });

  it("have every RPC in scope", () => {
    const services = [...ourTypes.values()].filter((type) => type.kind === "service");
    expect(Object.fromEntries(services.map(({ typeName, methods }) => [typeName, methods.length]))).toEqual(
      rpcsPerService,
    );
  });

  it("differ in nothing that is not on the list", () => {
    expect(found.filter((difference) => entriesFor(difference).length === 0)).toEqual([]);
  });

  it("differ in all that is on the list, which is short and says nothing twice", () => {
    expect(acceptedDifferences.length).toBeLessThan(30);
    const needed = new Set(found.flatMap(entriesFor));
    expect(acceptedDifferences.filter((entry) => !needed.has(entry))).toEqual([]);
    expect(found.filter((difference) => entriesFor(difference).length > 1)).toEqual([]);
  });

  it("were really compared", () => {
    const compared = tally(ours, theirs);
    console.info("compared", compared);
    expect(Object.entries(compared).filter(([, count]) => count < 100)).toEqual([]);
  });
});

/** After something new: UPDATE_GOLDEN=1 npm test -- test/contract/descriptors.test.ts */
it("our own descriptors state what test/golden says, line by line", async () => {
  const golden = new URL("../golden/ringback-contract.txt", import.meta.url);
  const types = await typesBelow("../../gen/ringback/", "ringback");
  const printed = printFacts(factsOf(types.values(), ourDialect));
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, printed);
  expect(printed).toBe(readFileSync(golden, "utf8"));
});
