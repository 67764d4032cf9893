import { readFileSync } from "node:fs";

/** A page of the documentation, for tests that compare what it says with what the program does. */
export class DocsPage {
  readonly text: string;

  /** @param path from the root of the project, e.g. "docs/running.md" */
  constructor(path: string) {
    this.text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  }

  /** The rows of the table under a heading, without the marks of Markdown. */
  tableUnder(heading: string): string[][] {
    const rows = this.#section(heading)
      .split("\n")
      .filter((line) => line.startsWith("| "));
    return rows.slice(2).map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.replaceAll(/[`\\]/g, "").trim()),
    );
  }

  /** The blocks of code in a language under a heading, or on the whole page. */
  blocks(language: string, heading?: string): string[] {
    const text = heading === undefined ? this.text : this.#section(heading);
    const fences = /^```(\w+)\n(.*?)^```$/gms;
    return [...text.matchAll(fences)].flatMap(([, found, code = ""]) => (found === language ? [code] : []));
  }

  #section(heading: string): string {
    const [, section = ""] = this.text.split(`\n## ${heading}\n`);
    const [text = ""] = section.split("\n## ");
    return text;
  }
}
