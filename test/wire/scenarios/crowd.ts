import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import type { UserWithToken } from "./givens.ts";
import { shared } from "./scenario.ts";

/** Users to be found in lists; nothing changes them. */

const { addHumanUser, createUser, deactivateUser, lockUser } = UserService.method;

export type Name = "ada" | "charles" | "annabella" | "engine";

/**
 * An organization of three humans and a machine, made one after the other: Ada is active, Charles deactivated,
 * Annabella locked, the engine active. Each column brings them into another order.
 */
export interface Crowd extends TestUser {
  readonly people: Readonly<Record<Name, TestUser>>;
}

async function makeCrowd(world: World): Promise<Crowd> {
  const organizationId = `crowd-${world.nobody().id}`;
  const add = async (human: (typeof humans)[keyof typeof humans], isVerified: boolean): Promise<TestUser> => {
    world.clock.ms += 1_000;
    const user = world.nobody(organizationId);
    const verification = { case: "isVerified", value: true } as const;
    await world.asAdmin(addHumanUser, {
      userId: user.id,
      organization: { org: { case: "orgId", value: organizationId } },
      ...human,
      ...(isVerified ? { phone: { phone: user.number, verification } } : {}),
    });
    return user;
  };
  const ada = await add(humans.ada, true);
  const charles = await add(humans.charles, false);
  const annabella = await add(humans.annabella, false);
  world.clock.ms += 1_000;
  const engine = world.nobody(organizationId);
  await world.asAdmin(createUser, {
    userId: engine.id,
    organizationId,
    username: "engine",
    userType: { case: "machine", value: { name: "Difference Engine" } },
  });
  await world.asAdmin(deactivateUser, { userId: charles.id });
  await world.asAdmin(lockUser, { userId: annabella.id });
  return { ...ada, people: { ada, charles, annabella, engine } };
}

const humans = {
  ada: {
    username: "lovelace",
    profile: { givenName: "Ada", familyName: "Lovelace", nickName: "Countess", displayName: "Lady Ada" },
    email: { email: "z.ada@example.com" },
  },
  charles: {
    username: "Babbage",
    profile: {
      givenName: "Charles",
      familyName: "Babbage",
      nickName: "Zed ΖΗΣΗΣ",
      displayName: "Mr Babbage",
    },
    email: { email: "charles@example.org" },
  },
  annabella: {
    username: "byron",
    profile: { givenName: "Annabella", familyName: "Byron", nickName: "Bella", displayName: "Annabella" },
    email: { email: "BELLA@example.com" },
  },
} as const;

export const crowd = shared(makeCrowd);

/** The token is Ada's. */
export const crowdAsAda = shared(async (world): Promise<Crowd & UserWithToken> => {
  const made = await makeCrowd(world);
  return { ...made, token: await world.token(made.id) };
});

/** The token is that of the owner of the organization, who belongs to it. */
export const crowdAsOwner = shared(async (world): Promise<Crowd & UserWithToken> => {
  const made = await makeCrowd(world);
  return { ...made, token: await world.caller("ORG_OWNER", made.organizationId) };
});
