import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { permissions } from "../../src/app/auth-port.ts";
import { createCaller, roles } from "../../src/auth/roles.ts";
import { type Variable, variables } from "../../src/config/variables.ts";
import { defaultLimits } from "../../src/server/limits.ts";

/** docs/running.md says what the program says. */

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const page = read("docs/running.md");

/** The rows of the table under a heading, without the marks of Markdown. */
function tableUnder(heading: string): string[][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [text = ""] = section.split("\n## ");
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll(/[`\\]/g, "").trim()),
  );
}

describe("docs/running.md", () => {
  it("lists every variable with its default and its meaning", () => {
    const table = Object.values<Variable<unknown>>(variables).map((variable) => [
      variable.name,
      variable.default ?? variable.defaultShown ?? "–",
      variable.meaning,
    ]);
    expect(tableUnder("Variables")).toEqual(table);
  });

  it("lists what each role may do, and where", () => {
    const table = roles.map((role) => {
      const caller = createCaller({ userId: "ann", organizationId: "own", roles: [role] });
      const may = permissions.filter((permission) => caller.may(permission));
      const isEverywhere = may.every((permission) => caller.mayEverywhere(permission));
      return [
        role,
        isEverywhere ? "everywhere" : "own organization",
        may.length === permissions.length ? "everything" : may.join(", "),
      ];
    });
    expect(tableUnder("Roles")).toEqual(table);
  });

  it("lists the limits in force", () => {
    const limits = defaultLimits;
    const seconds = (ms: number): string => `${ms / 1_000} s`;
    expect(tableUnder("Limits").map(([, limit]) => limit)).toEqual([
      `${limits.messageBytesMax / 1024 ** 2} MiB`,
      `${limits.headerBytesMax / 1024} KiB`,
      limits.connectionsMax.toLocaleString("en"),
      String(limits.streamsPerConnectionMax),
      seconds(limits.callTimeoutMs),
      seconds(limits.headersTimeoutMs),
      seconds(limits.requestTimeoutMs),
      seconds(limits.http1IdleTimeoutMs),
      seconds(limits.http2IdleTimeoutMs),
    ]);
  });

  it("starts the program with the options of npm start", () => {
    const start: string = JSON.parse(read("package.json")).scripts.start;
    const options = start.split(" ").filter((part) => part.startsWith("--"));
    expect(options.length).toBeGreaterThan(0);
    expect(page).toContain(`"${options.join('", "')}", "src/main.ts"`);
    expect(page).toContain(`${options.join(" ")} src/main.ts`);
  });
});
