import { expect, it } from "@jest/globals";
import { welcome } from "../../src/welcome.ts";

it.each([
  ["http://127.0.0.1:8080", "-plaintext ", "127.0.0.1:8080"],
  // A URL could do without this port: grpcurl cannot.
  ["https://localhost:443", "", "localhost:443"],
  ["http://[::1]:80", "-plaintext ", "[::1]:80"],
])("what is printed at the start names the address for grpcurl: %s", (url, plaintext, address) => {
  const command = `grpcurl ${plaintext}-H "authorization: Bearer $TOKEN" ${address} zitadel.auth.v1.AuthService/GetMyUser`;
  expect(welcome(url, undefined)).toContain(`  ${command}\n`);
});

it("whoever has lost the token is told the way to another", () => {
  expect(welcome("http://127.0.0.1:8080", undefined)).toContain(
    "start with RINGBACK_ADMIN_TOKEN set to a new one",
  );
  expect(welcome("http://127.0.0.1:8080", "rbk_new")).not.toContain("RINGBACK_ADMIN_TOKEN");
});

it("buf is named so that npx takes no other package, wherever it is called", () => {
  expect(welcome("http://127.0.0.1:8080", undefined)).toContain("npx @bufbuild/buf curl ");
});
