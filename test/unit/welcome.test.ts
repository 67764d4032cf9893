import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";
import { welcome } from "../../src/welcome.ts";

it.each([
  ["http://127.0.0.1:8080", "-plaintext ", "127.0.0.1:8080"],
  // A URL could do without this port: grpcurl cannot.
  ["https://localhost:443", "", "localhost:443"],
  ["http://[::1]:80", "-plaintext ", "[::1]:80"],
])("what is printed at the start names the address for grpcurl: %s", (url, plaintext, address) => {
  const command = `grpcurl ${plaintext}-H "authorization: Bearer $TOKEN" ${address} zitadel.auth.v1.AuthService/GetMyUser`;
  expect(welcome(url, undefined, "inbox")).toContain(`  ${command}\n`);
});

it("whoever has lost the token is told the way to another", () => {
  expect(welcome("http://127.0.0.1:8080", undefined, "inbox")).toContain(
    "start with RINGBACK_ADMIN_TOKEN set to a new one",
  );
  expect(welcome("http://127.0.0.1:8080", "rbk_new", "inbox")).not.toContain("RINGBACK_ADMIN_TOKEN");
});

it("buf is named so that npx takes no other package, wherever it is called", () => {
  expect(welcome("http://127.0.0.1:8080", undefined, "inbox")).toContain("npx @bufbuild/buf curl ");
});

const hasCurl = spawnSync("curl", ["--version"]).error === undefined;
const itWithCurl = hasCurl ? it : it.skip;
itWithCurl.each([
  ["the inbox", {}, 1],
  [
    "a webhook",
    { RINGBACK_SMS: "https://hooks.invalid/sms", RINGBACK_SMS_SIGNING_KEY: "signing-key-of-the-welcome" },
    0,
  ],
])("with %s each printed command for curl is answered", async (_, sms, messages) => {
  const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const env = { RINGBACK_STORE: "memory:", RINGBACK_PORT: "0", ...sms };
  const server = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "ignore"] });
  const exit = once(server, "exit");
  let printed = "";
  for await (const line of createInterface({ input: server.stdout })) {
    printed += `${line}\n`;
    if (line.startsWith("  grpcurl ")) break;
  }
  const [url = ""] = /http:\S+(?=:)/.exec(printed) ?? [];
  const token = /TOKEN=(\S+)/.exec(printed)?.[1];
  const commands = printed.match(/^  curl (?:.*\\\n)*.*$/gm) ?? [];
  expect(commands).toHaveLength(2);
  for (const command of commands) {
    const { status, stdout } = spawnSync("sh", [
      "-c",
      command.replace("curl ", "curl -sS --fail-with-body "),
    ]);
    expect([status, String(stdout)]).toEqual([0, expect.stringContaining("{")]);
  }
  const headers = { authorization: `Bearer ${token}` };
  const listed: unknown = await (await fetch(`${url}/ringback/v1/messages`, { headers })).json();
  expect(listed).toEqual(messages === 0 ? {} : { messages: Array(messages).fill(expect.anything()) });
  server.kill();
  await exit;
});
