import { afterAll, expect, it } from "@jest/globals";
import { PersonalAccessTokenFieldName } from "../../gen/zitadel/user/v2/personal_access_token_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { openWorld } from "../support/wire-world.ts";

/** Lists of access tokens look through a bounded number of users. */

const { addPersonalAccessToken, createUser, listPersonalAccessTokens } = UserService.method;
const userType = { case: "machine", value: { name: "Engine" } } as const;
const machinesMax = 1_000;

const world = await openWorld("safe");
afterAll(() => world.close());

it("a list over more than 1000 machines must be narrowed, and can be", async () => {
  const filters = [{ filter: { case: "organizationIdFilter", value: { id: "factory" } } as const }];
  const add = (userId: string) => world.asAdmin(createUser, { userId, organizationId: "factory", userType });
  for (let count = 1; count <= machinesMax; count += 1) await add(`machine-${count}`);
  const expirationDate = { seconds: BigInt(world.clock.ms / 1_000 + 60) };
  const { tokenId } = await world.asAdmin(addPersonalAccessToken, { userId: "machine-1000", expirationDate });
  expect((await world.asAdmin(listPersonalAccessTokens, { filters })).result).toMatchObject([
    { id: tokenId },
  ]);

  await add("machine-1001");
  for (const tooWide of [{ filters }, {}]) {
    await expect(world.asAdmin(listPersonalAccessTokens, tooWide)).rejects.toThrow(
      /narrow them by user_id_filter.*\(RINGBACK-t4Nrw\)/,
    );
  }
  const ofOne = [...filters, { filter: { case: "userIdFilter", value: { id: "machine-1000" } } as const }];
  expect((await world.asAdmin(listPersonalAccessTokens, { filters: ofOne })).result).toHaveLength(1);
  // Who may see only a part of them need not say which.
  const owner = await world.caller("ORG_OWNER");
  const seen = await world.callAs(owner, listPersonalAccessTokens, {});
  expect(seen.result).toMatchObject([{ userId: world.administrator.id }]);
});

it("a list sorted by a text follows the code points, wherever the server runs", async () => {
  const organizationId = "sorted";
  const expirationDate = { seconds: BigInt(world.clock.ms / 1_000 + 60) };
  for (const userId of ["a-machine", "B-machine", "Ä-machine"]) {
    await world.asAdmin(createUser, { userId, organizationId, userType });
    await world.asAdmin(addPersonalAccessToken, { userId, expirationDate });
  }
  const { result } = await world.asAdmin(listPersonalAccessTokens, {
    filters: [{ filter: { case: "organizationIdFilter", value: { id: organizationId } } }],
    sortingColumn: PersonalAccessTokenFieldName.USER_ID,
    pagination: { asc: true },
  });
  expect(result.map(({ userId }) => userId)).toEqual(["B-machine", "a-machine", "Ä-machine"]);
});
