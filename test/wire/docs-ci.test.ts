import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { DocsPage } from "../support/docs-page.ts";
import { freePort } from "../support/free-port.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";

const page = new DocsPage("docs/ci.md");
const world = await openWorld("zitadel");

afterAll(() => world.close());

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

it("the function of docs/ci.md gives the code", async () => {
  const { id: userId, number } = await world.user();
  const verification = { case: "sendCode", value: {} } as const;
  await world.asAdmin(UserService.method.setPhone, { userId, phone: number, verification });
  const { code } = await world.lastMessage(number);
  const [source = ""] = page.blocks("js");
  const script = `${source}\nconsole.log((await messageTo("${number}")).code);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", script.replaceAll("http://127.0.0.1:8080", world.url)],
    { env: { RINGBACK_ADMIN_TOKEN: adminToken } },
  );
  expect(stdout).toBe(`${code}\n`);
});
