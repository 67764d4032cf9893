import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));
const docs = readdirSync(join(root, "docs")).map((name) => `docs/${name}`);
const pages = ["README.md", "CHANGELOG.md", ...docs].filter((path) => path.endsWith(".md"));

/** As GitHub makes them of headings. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(join(root, path), "utf8").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(pages)("%s", (page) => {
  it("links to files and headings that are there", () => {
    const links = readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)\s]+)\)/g);
    const broken = [...links]
      .map(([, link = ""]) => link)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? page : join(dirname(page), file);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });
});

it("names every page of docs/ in the README", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  expect(docs.filter((path) => path.endsWith(".md") && !readme.includes(`](${path})`))).toEqual([]);
});
