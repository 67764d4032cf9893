/**
 * Runs h2spec (https://github.com/summerwind/h2spec), the public suite for HTTP/2 and HPACK, against Ringback's server,
 * in cleartext and over TLS. Prints how many cases pass; fails if one does not.
 *
 * Needs Go, which builds the suite. Run it by `npm run test:http2`.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { echoTls } from "../support/echo-tls.ts";
import { startEchoServer } from "../support/echo-server.ts";
import { installGoProgram } from "./go-program.ts";

const suite = {
  module: "github.com/summerwind/h2spec",
  package: "cmd/h2spec",
  version: "v2.2.1+incompatible",
};
const program = installGoProgram(suite);

/** The one port: what does not begin as HTTP/2 does is HTTP/1.1 in cleartext, and told in HTTP/1.1 that it is none. */
const answeredByHttp1 = "Sends invalid connection preface";

await run("cleartext", false);
await run("TLS", true);

async function run(name: string, isTls: boolean): Promise<void> {
  const server = await startEchoServer(isTls ? { tls: echoTls } : {});
  const options = ["--strict", "--timeout", "5", "--path", "/readyz", "--port", String(server.port)];
  const running = spawn(program, isTls ? [...options, "--tls", "--insecure"] : options);
  const output = await text(running.stdout);
  await server.shutdown(0);
  const [summary = "the suite did not come to its end", passed] =
    /^\d+ tests, (\d+) passed, .*$/m.exec(output) ?? [];
  const failed = [...new Set([...output.matchAll(/^\s*× \d+: (.+)$/gm)].map(([, title = ""]) => title))];
  const unexpected = failed.filter((title) => isTls || title !== answeredByHttp1);
  const note = failed.length > unexpected.length ? ` (${answeredByHttp1}: it is answered in HTTP/1.1)` : "";
  console.log(`HTTP/2 over ${name}: ${summary}${note}`);
  if (passed !== undefined && unexpected.length === 0) return;
  console.error(output);
  process.exitCode = 1;
}
