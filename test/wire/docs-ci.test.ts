import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";
import { DocsPage } from "../support/docs-page.ts";
import { freePort } from "../support/free-port.ts";

const page = new DocsPage("docs/ci.md");

/** Times and codes are others each time, and a call may come before or after it is recorded that an SMS was sent. */
const changing = /\b\d{4}-\d\d-\d\dT[\d:.]+Z|\b[A-Z\d]{6}\b|(?<="sequence": ?")\d+/g;

function read(json: string): unknown {
  return JSON.parse(json.replaceAll(changing, "…"));
}

const hasCurl = spawnSync("curl", ["--version"]).error === undefined;
const itWithCurl = hasCurl ? it : it.skip;
itWithCurl(
  `the commands of docs/ci.md are answered as it says${hasCurl ? "" : " (skipped: no curl)"}`,
  async () => {
    const port = String(await freePort());
    const commands = page
      .blocks("sh")
      .join("\n")
      .replaceAll("8080", port)
      .replace("ringback.log", "/dev/null");
    const shell = spawn("sh", ["-ec", `trap 'kill $!; wait' EXIT; trap exit TERM\n${commands}`], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: { PATH: process.env["PATH"], RINGBACK_PORT: port },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 25_000,
    });
    const ended = once(shell, "exit");
    const answers = (await text(shell.stdout)).trim().split(/\n|(?<=\})(?=\{)/);
    expect(await ended).toEqual([0, null]);
    expect(answers.map(read)).toEqual(page.blocks("json").map(read));
  },
);
