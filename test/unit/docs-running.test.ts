import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { permissions } from "../../src/app/auth-port.ts";
import { createCaller, roles } from "../../src/auth/roles.ts";
import { type Variable, variables } from "../../src/config/variables.ts";
import { defaultLimits } from "../../src/server/limits.ts";
import { DocsPage } from "../support/docs-page.ts";

/** docs/running.md says what the program says. */

const page = new DocsPage("docs/running.md");

describe("docs/running.md", () => {
  it("lists every variable with its default and its meaning", () => {
    const table = Object.values<Variable<unknown>>(variables).map((variable) => [
      variable.name,
      variable.default ?? variable.defaultShown ?? "–",
      variable.meaning,
    ]);
    expect(page.tableUnder("Variables")).toEqual(table);
  });

  it("lists what each role may do, and where", () => {
    const table = roles.map((role) => {
      const caller = createCaller({ userId: "ann", organizationId: "own", roles: [role], createdMs: 0 });
      const may = permissions.filter((permission) => caller.may(permission, "own"));
      const isEverywhere = may.every((permission) => caller.mayEverywhere(permission));
      return [
        role,
        isEverywhere ? "everywhere" : "own organization",
        may.length === permissions.length ? "everything" : may.join(", "),
      ];
    });
    expect(page.tableUnder("Roles")).toEqual(table);
  });

  it("lists the limits in force", () => {
    const limits = defaultLimits;
    const seconds = (ms: number): string => `${ms / 1_000} s`;
    expect(page.tableUnder("Limits").map(([, limit]) => limit)).toEqual([
      `${limits.messageBytesMax / 1024 ** 2} MiB`,
      `${limits.headerBytesMax / 1024} KiB`,
      limits.connectionsMax.toLocaleString("en"),
      String(limits.streamsPerConnectionMax),
      `${Math.floor(limits.deadlineMsMax / 86_400_000)} days`,
      seconds(limits.callTimeoutMs),
      seconds(limits.headersTimeoutMs),
      seconds(limits.requestTimeoutMs),
      seconds(limits.http1IdleTimeoutMs),
      seconds(limits.http1LastRequestMs),
      seconds(limits.http1WriteTimeoutMs),
      seconds(limits.http2AnswerTimeoutMs),
      seconds(limits.http2IdleTimeoutMs),
      seconds(limits.http2KeepAliveMs),
      limits.http2InVainMax.toLocaleString("en"),
    ]);
  });

  it("lists every record that tells of a failure, with its level", () => {
    const folder = new URL("../../src/", import.meta.url);
    const text = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(new URL(name, folder), "utf8"))
      .join("");
    const calls = [...text.matchAll(/\blog\.(warn|error)\(\s*(?:"([^"]+)"|(\w+))/g)];
    const told = calls.flatMap(([, level, record]) => (record === undefined ? [] : [`${level}: ${record}`]));
    const table = page.tableUnder("Logs").map(([record, level]) => ({ record, level }));
    const listed = new Set(table.map(({ record, level }) => `${level}: ${record}`));
    expect(told.filter((each) => !listed.has(each))).toEqual([]);
    expect(table.filter(({ record }) => !text.includes(`"${record}"`))).toEqual([]);
    // Records that are not written where they are logged: a new one of these is looked for by hand.
    const named = calls.flatMap(([, , , name]) => name ?? []);
    expect(named.toSorted()).toEqual(["message", "warning", "what"]);
  });

  it("starts the program with the options of npm start", () => {
    const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const start: string = scripts.start;
    const options = start.split(" ").filter((part) => part.startsWith("--"));
    expect(options.length).toBeGreaterThan(0);
    expect(page.text).toContain(`"${options.join('", "')}", "src/main.ts"`);
    expect(page.text).toContain(`${options.join(" ")} src/main.ts`);
  });
});
