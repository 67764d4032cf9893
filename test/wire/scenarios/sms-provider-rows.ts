import type { JsonObject } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { DeliveryService } from "../../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { invalid, noSuchPath, refused, type Row, type Scenario } from "./scenario.ts";
import { instance } from "./settings-json.ts";

/** Situations and rows that the scenarios of SMS providers share. */

const { method } = AdminService;

/** What settings of the instance are about. */
export const about = () => instance;

/** An account with Twilio, a webhook, and how they are shown. */
export const twilioConfig = {
  sid: "AC0001",
  senderNumber: "+15550001",
  description: "Twilio",
  verifyServiceSid: "",
};
export const newTwilio = { ...twilioConfig, token: "token-of-twilio" };
export const twilioShown = { sid: "AC0001", senderNumber: "+15550001" };
export const httpConfig = { endpoint: "https://sms.example.com/hook", description: "A webhook" };
export const httpShown = { endpoint: "https://sms.example.com/hook" };

/** A provider that is there, and no other, as far as nothing else is said. */
export interface Provider extends TestUser {
  readonly id: string;
  readonly sequence: number;
}

/** No provider is there, and no route: those of other scenarios are removed. */
export async function withoutProvider(world: World): Promise<TestUser> {
  await world.asAdmin(DeliveryService.method.setRoutes, { routes: [] });
  const { result } = await world.asAdmin(method.listSMSProviders, { query: { limit: 1_000 } });
  for (const { id } of result) await world.asAdmin(method.removeSMSProvider, { id });
  return world.nobody();
}

/** An inactive one more; a second goes by. */
export async function addTwilio(world: World, verifyServiceSid = ""): Promise<Provider> {
  const { id, details } = await world.asAdmin(method.addSMSProviderTwilio, {
    ...newTwilio,
    verifyServiceSid,
  });
  const createdMs = world.clock.ms;
  world.clock.ms += 1_000;
  return { ...world.nobody(), id, sequence: Number(details?.sequence), createdMs };
}

export async function addHttp(world: World): Promise<Provider> {
  const { id, details } = await world.asAdmin(method.addSMSProviderHTTP, httpConfig);
  const createdMs = world.clock.ms;
  world.clock.ms += 1_000;
  return { ...world.nobody(), id, sequence: Number(details?.sequence), createdMs };
}

export async function withTwilio(world: World): Promise<Provider> {
  await withoutProvider(world);
  return addTwilio(world);
}

export async function withHttp(world: World): Promise<Provider> {
  await withoutProvider(world);
  return addHttp(world);
}

export const activated =
  (given: (world: World) => Promise<Provider>) =>
  async (world: World): Promise<Provider> => {
    const provider = await given(world);
    const { details } = await world.asAdmin(method.activateSMSProvider, { id: provider.id });
    return { ...provider, sequence: Number(details?.sequence) };
  };

export async function withRemoved(world: World): Promise<Provider> {
  const provider = await withTwilio(world);
  await world.asAdmin(method.removeSMSProvider, { id: provider.id });
  return provider;
}

export const byId = ({ id }: TestUser): { id: string } => ({ id });

/** @param id of the provider; the one in the answer if it is left out */
export const expectProvider =
  (expected: object, id?: string) =>
  async (given: TestUser, world: World, json: JsonObject): Promise<void> => {
    const ofAnswer = typeof json["id"] === "string" ? json["id"] : given.id;
    const { config } = await world.asAdmin(method.getSMSProvider, { id: id ?? ofAnswer });
    expect(config).toMatchObject(expected);
  };

/** The rows about ids that every method has which takes one. */
export function idRows(
  row: (row: Omit<Row<typeof method.getSMSProvider.input, TestUser>, "input"> & IdInput) => Scenario,
  {
    request,
    missing,
    id,
  }: {
    readonly request: string;
    readonly missing: string;
    /** The characters of an id, at most. */
    readonly id: number;
  },
): readonly Scenario[] {
  const refusal = refused(Code.NotFound, missing);
  return [
    row({
      name: "there is no such provider",
      everyWay: true,
      given: withRemoved,
      caller: "administrator",
      input: byId,
      expect: refusal,
    }),
    row({
      name: "an id that every object has",
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ id: "constructor" }),
      expect: refusal,
    }),
    row({
      name: `an id of ${id} characters`,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ id: "x".repeat(id) }),
      expect: refusal,
    }),
    row({
      name: `an id of ${id + 1} characters`,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ id: "x".repeat(id + 1) }),
      expect: invalid(`${request}.id`),
    }),
    row({
      name: "an empty id",
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ id: "" }),
      expect: invalid(`${request}.id`),
      expectOfRest: noSuchPath,
    }),
  ];
}

interface IdInput {
  readonly input: (given: TestUser) => { readonly id: string };
}
