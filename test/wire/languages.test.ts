import { Code } from "@connectrpc/connect";
import { afterAll, describe, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { type Protocol, protocols } from "../support/wire-protocols.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";

/** In which language an error is told. */

const { getUserByID, updateUser } = UserService.method;
const world = await openWorld("safe");
const ways = protocols(world.url);

afterAll(async () => {
  for (const way of ways) way.close();
  await world.close();
});

const english = "There is no such user. (QUERY-Dfbg2)";
const german = "Diesen Benutzer gibt es nicht. (QUERY-Dfbg2)";

/** The error about a user who is not there. */
async function missing(way: Protocol, token: string, acceptLanguage?: string): Promise<unknown> {
  const languages = acceptLanguage === undefined ? {} : { "accept-language": acceptLanguage };
  const headers = { authorization: `Bearer ${token}`, ...languages };
  return (await way.call(getUserByID, { userId: "nobody" }, headers)).result;
}

/** The sentence differs; code and id do not. */
function told(message: string): object {
  const sentence = message.slice(0, message.lastIndexOf(" ("));
  return {
    error: { code: Code.NotFound, message, details: [{ id: "QUERY-Dfbg2", message: sentence }] },
  };
}

/** A token of somebody with this language. */
async function tokenOf(preferredLanguage: string): Promise<string> {
  const { id: userId } = await world.user();
  const userType = { case: "human", value: { profile: { preferredLanguage } } } as const;
  await world.asAdmin(updateUser, { userId, userType });
  return world.token(userId);
}

describe.each(ways)("over $name", (way) => {
  it.each([
    ["de", german],
    ["de-CH", german],
    ["DE-ch", german],
    ["en", english],
    ["fr", english],
    ["fr, de;q=0.5", german],
    ["en;q=0.4, de;q=0.9", german],
    ["de;q=0.4, en;q=0.9", english],
    ["de;q=0.4,en-GB", english],
    ["de;q=0", english],
    ["*", english],
    ["", english],
    [";;,;q=x", english],
    [`de, ${"fr, ".repeat(250)}de`, english],
  ])("Accept-Language %j", async (acceptLanguage, message) => {
    expect(await missing(way, adminToken, acceptLanguage)).toEqual(told(message));
  });

  it("is English where nothing is said", async () => {
    expect(await missing(way, adminToken)).toEqual(told(english));
  });

  it.each([
    ["de", undefined, german],
    ["de", "en", german],
    ["de-AT", "en, fr", german],
    ["en", "de", english],
    ["de_CH", "en", german],
    ["deu", "en", german],
    ["fr", "de", german],
    ["fr", "it", english],
  ])("the user prefers %s, the header says %s", async (preferred, acceptLanguage, message) => {
    expect(await missing(way, await tokenOf(preferred), acceptLanguage)).toEqual(told(message));
  });

  it("is known before the caller is", async () => {
    expect(await missing(way, "token-that-nobody-holds", "de")).toMatchObject({
      error: {
        code: Code.Unauthenticated,
        message: "Das Token ist ungültig oder abgelaufen. (AUTH-7fs1e)",
        details: [{ id: "AUTH-7fs1e", message: "Das Token ist ungültig oder abgelaufen." }],
      },
    });
  });
});
