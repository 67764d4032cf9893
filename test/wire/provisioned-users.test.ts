import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { type Store, StoreUnavailableError } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { startIssuer, type TestIssuer } from "../support/auth-issuer.ts";
import { openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

describe("a valid token of an issuer", () => {
  let first: TestIssuer;
  let second: TestIssuer;
  let world: World;
  let isFull = false;
  beforeAll(async () => {
    const memory = openMemoryStore();
    const store = withParts<Store>(memory, {
      commit: async (commit) => {
        if (isFull) throw new StoreUnavailableError("the disk is full");
        return memory.commit(commit);
      },
    });
    [first, second] = await Promise.all([startIssuer(), startIssuer()]);
    await Promise.all([first.addKey("ES256"), second.addKey("ES256")]);
    world = await openWorld("safe", {
      store,
      env: {
        RINGBACK_OIDC_ISSUERS: `${first.url},${second.url}`,
        RINGBACK_OIDC_AUDIENCE: "phones",
        RINGBACK_AUTO_PROVISION: "true",
      },
    });
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([first.close(), second.close()]);
  });

  const tokenOf = (sub: string, claims = {}, issuer = first): Promise<string> => {
    const seconds = world.clock.ms / 1000;
    return issuer.token({ sub, aud: "phones", nbf: seconds, exp: seconds + 60, ...claims });
  };
  const myUser = async (token: string) => (await world.callAs(token, AuthService.method.getMyUser, {})).user;

  it("adds the user whom it names, as it tells of them", async () => {
    const token = await tokenOf("ada", {
      given_name: "Ada",
      family_name: "Lovelace",
      name: "Countess Ada",
      email: "ada@example.com",
      email_verified: true,
      locale: "de_ch",
    });
    const profile = {
      firstName: "Ada",
      lastName: "Lovelace",
      displayName: "Countess Ada",
      preferredLanguage: "de-CH",
    };
    expect(await myUser(token)).toMatchObject({
      id: "ada",
      userName: "ada",
      details: { resourceOwner: "default", sequence: 1n },
      type: { case: "human", value: { profile, email: { email: "ada@example.com", isEmailVerified: true } } },
    });
    await myUser(await tokenOf("ada", { name: "Somebody" }));
    expect(await myUser(token)).toMatchObject({ details: { sequence: 1n } });
    await expect(myUser(await tokenOf("ada", {}, second))).rejects.toThrow("AUTH-7fs1e");
  });

  it("adds them also if it tells nothing of them", async () => {
    expect(await myUser(await tokenOf("eve", { preferred_username: "eve.x" }))).toMatchObject({
      type: { value: { profile: { displayName: "eve.x" }, email: { email: "", isEmailVerified: false } } },
    });
    expect(await myUser(await tokenOf("bob"))).toMatchObject({
      type: { value: { profile: { firstName: "", lastName: "", displayName: "" } } },
    });
  });

  it.each([
    ["is longer than a user's language may be", "de-DE-u-co-phonebk", "de"],
    ["is no tag of a language", "as at home", "und"],
  ])("adds them also if its locale %s", async (_what, locale, preferredLanguage) => {
    expect(await myUser(await tokenOf(`speaks ${locale}`, { locale }))).toMatchObject({
      type: { value: { profile: { preferredLanguage } } },
    });
  });

  it("brings nobody back who was deleted", async () => {
    const token = await tokenOf("mallory");
    await myUser(token);
    await world.asAdmin(UserService.method.deleteUser, { userId: "mallory" });
    await expect(myUser(token)).rejects.toThrow("There is no such user");
  });

  it("adds them without a name where somebody else took theirs", async () => {
    await myUser(await tokenOf("eve"));
    await world.callAs(await tokenOf("eve"), UserService.method.updateUser, {
      userId: "eve",
      username: "carol",
    });
    expect(await myUser(await tokenOf("carol"))).toMatchObject({
      id: "carol",
      userName: "",
      loginNames: [],
      details: { resourceOwner: "default", sequence: 1n },
    });
  });

  it("tells apart that they could not be added, and adds them with the next call", async () => {
    const token = await tokenOf("dora");
    isFull = true;
    await expect(myUser(token)).rejects.toThrow("The store is not available");
    isFull = false;
    expect(await myUser(token)).toMatchObject({ id: "dora" });
  });
});
