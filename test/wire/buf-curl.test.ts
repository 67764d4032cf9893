import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

const run = promisify(execFile);
const buf = fileURLToPath(new URL("../../node_modules/.bin/buf", import.meta.url));

/** A client that is not ours and knows nothing but what reflection tells. */
describe.each([
  ["gRPC", ["--protocol", "grpc", "--http2-prior-knowledge"]],
  ["gRPC-Web", ["--protocol", "grpcweb"]],
  ["Connect", ["--protocol", "connect", "--http2-prior-knowledge"]],
] as const)("buf curl over %s", (_name, flags) => {
  let world: World;
  beforeAll(async () => void (world = await openWorld("safe")));
  afterAll(() => world.close());

  const curl = async (...args: readonly string[]) => {
    const { stdout } = await run(buf, [
      "curl",
      ...flags,
      ...args,
      "-H",
      `authorization: Bearer ${adminToken}`,
    ]);
    return stdout;
  };

  it("lists the services and their methods", async () => {
    const services = (await curl("--list-services", world.url)).trim().split("\n");
    expect(services).toEqual(
      expect.arrayContaining([
        "zitadel.auth.v1.AuthService",
        "zitadel.user.v2.UserService",
        "zitadel.user.v3alpha.UserService",
        "zitadel.resources.user.v3alpha.ZITADELUsers",
        "ringback.inbox.v1.InboxService",
        "ringback.role.v1.RoleService",
        "ringback.text.v1.TextService",
        "ringback.token.v1.TokenService",
        "grpc.health.v1.Health",
      ]),
    );
    const methods = (await curl("--list-methods", world.url)).trim().split("\n");
    expect(methods).toContain("zitadel.user.v2.UserService/SetPhone");
  });

  it("calls them", async () => {
    const user = await world.user();
    const request = JSON.stringify({ userId: user.id, phone: user.number, returnCode: {} });
    const answer = JSON.parse(await curl("-d", request, `${world.url}/zitadel.user.v2.UserService/SetPhone`));
    expect(answer).toMatchObject({ verificationCode: expect.stringMatching(/^[0-9]{6}$/) });
    const health = JSON.parse(await curl("-d", "{}", `${world.url}/grpc.health.v1.Health/Check`));
    expect(health).toEqual({ status: "SERVING" });
  });

  it("shows the refusal", async () => {
    const request = JSON.stringify({ userId: "nobody", phone: "+41791234567" });
    const refused = curl("-d", request, `${world.url}/zitadel.user.v2.UserService/SetPhone`);
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining("COMMAND-ieJ2e") });
  });
});
