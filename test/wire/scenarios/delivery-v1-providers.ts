import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import {
  type AddProviderRequestSchema,
  Channel,
  DeliveryService,
} from "../../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { World } from "../../support/wire-world.ts";
import { invalid, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { time } from "./settings-json.ts";
import {
  about,
  activated,
  byId,
  idRows,
  newTwilio,
  type Provider,
  twilioShown,
  withHttp,
  withoutProvider,
  withTwilio,
} from "./sms-provider-rows.ts";

/** ringback.delivery.v1.DeliveryService: providers, in a world of its own. */

const { method } = DeliveryService;

type Config = Exclude<MessageInitShape<typeof AddProviderRequestSchema>["config"], undefined>;

const snsAccount = {
  region: "eu-central-1",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "a-secret",
  senderId: "Ringback",
};

/** An account of each kind, and how it is shown. */
const kinds: readonly {
  readonly config: Config;
  readonly shown: object;
  /** Of a secret that sending needs. */
  readonly secret?: string;
}[] = [
  {
    config: {
      case: "twilio",
      value: {
        sid: "AC1",
        token: "a-secret",
        senderNumber: "MG1",
        verifyServiceSid: "VA1",
        channel: Channel.WHATSAPP,
      },
    },
    shown: { sid: "AC1", senderNumber: "MG1", verifyServiceSid: "VA1", channel: "CHANNEL_WHATSAPP" },
    secret: "token",
  },
  {
    config: {
      case: "vonage",
      value: { apiKey: "k1", apiSecret: "a-secret", sender: "Ringback", signatureSecret: "a-secret" },
    },
    shown: { apiKey: "k1", sender: "Ringback" },
    secret: "api_secret",
  },
  {
    config: {
      case: "messagebird",
      value: { accessKey: "a-secret", sender: "Ringback", signingKey: "a-secret" },
    },
    shown: { sender: "Ringback" },
    secret: "access_key",
  },
  {
    config: {
      case: "sns",
      value: snsAccount,
    },
    shown: { region: "eu-central-1", accessKeyId: "AKIAIOSFODNN7EXAMPLE", senderId: "Ringback" },
    secret: "secret_access_key",
  },
  { config: { case: "inbox", value: {} }, shown: {} },
  {
    config: { case: "http", value: { endpoint: "https://sms.example.com/hook" } },
    shown: { endpoint: "https://sms.example.com/hook" },
  },
];

const newId: unknown = expect.stringMatching(/^[0-9]{18}$/);
const newKey: unknown = expect.stringMatching(/^[A-Za-z0-9]{36}$/);
const added = { effect: ["settings.sms.provider.added"], about } as const;
const changed = { effect: ["settings.sms.provider.changed"], about } as const;
const tooLong = "x".repeat(201);
/** Greater than every channel. */
const beyond: number = 4;

const withKind =
  (config: Config) =>
  async (world: World): Promise<Provider> => {
    const user = await withoutProvider(world);
    const { id } = await world.asAdmin(method.addProvider, { description: "One", config });
    const createdMs = world.clock.ms;
    world.clock.ms += 1_000;
    return { ...user, id, sequence: 0, createdMs };
  };

/** The same without its secrets. */
function withoutSecrets({ case: name, value }: Config): Config {
  const isSecret = (_: string, each: unknown): unknown => (each === "a-secret" ? undefined : each);
  const bare: Config = { case: name, value: JSON.parse(JSON.stringify(value, isSecret)) };
  return bare;
}

const shownAs =
  (name: string, shown: object) =>
  ({ id, createdMs }: Provider): object => ({
    id,
    description: "One",
    createTime: time(createdMs),
    changeTime: time(createdMs),
    [name]: shown,
  });

// --------------------------------------------------------------------------------------- AddProvider

const adding = rowsOf("delivery.v1 AddProvider", method.addProvider);

const addRows: readonly Scenario[] = [
  ...kinds.map(({ config, shown }) =>
    adding({
      name: `${config.case}, inactive at first, and its secrets are not shown`,
      everyWay: true,
      given: withoutProvider,
      caller: "IAM_OWNER",
      input: () => ({ description: "One", config }),
      expect: ok({ id: newId, ...(config.case === "http" ? { signingKey: newKey } : {}) }),
      ...added,
      after: async (_, world, { id }) => {
        const { provider } = await world.asAdmin(method.getProvider, { id: String(id) });
        const { case: name, value } = provider?.config ?? {};
        expect({ ...provider, name }).toMatchObject({ description: "One", active: false, name: config.case });
        expect(JSON.stringify(value)).not.toContain("secret");
        if ("sid" in shown) expect(value).toMatchObject({ sid: "AC1", channel: Channel.WHATSAPP });
      },
    }),
  ),
  ...kinds.flatMap(({ config, secret }) =>
    secret === undefined
      ? []
      : [
          adding({
            name: `${config.case} without its secret`,
            given: withoutProvider,
            caller: "administrator",
            input: () => ({ config: withoutSecrets(config) }),
            expect: refused(Code.InvalidArgument, "SMS-s3Crt", secret),
          }),
        ],
  ),
  adding({
    name: "vonage without a signature secret",
    given: withoutProvider,
    caller: "administrator",
    input: () => ({
      config: { case: "vonage", value: { apiKey: "k", apiSecret: "a-secret", sender: "R" } },
    }),
    expect: ok({ id: newId }),
    ...added,
  }),
  adding({
    name: "one too many",
    given: async (world) => {
      const user = await withoutProvider(world);
      const one = { config: { case: "inbox", value: {} } } as const;
      await Promise.all(Array.from({ length: 100 }, () => world.asAdmin(method.addProvider, one)));
      return user;
    },
    caller: "administrator",
    input: () => ({ config: { case: "inbox", value: {} } }),
    expect: refused(Code.ResourceExhausted, "SMS-t0Mny", "100"),
  }),
  adding({
    name: "an endpoint that is no URL",
    given: withoutProvider,
    caller: "administrator",
    input: () => ({ config: { case: "http", value: { endpoint: "sms.example.com" } } }),
    expect: refused(Code.InvalidArgument, "SMS-u4Rlx"),
  }),
  ...(
    [
      ["config", { case: undefined }],
      ["twilio.sid", { case: "twilio", value: { token: "a-secret", senderNumber: "MG1" } }],
      [
        "twilio.channel",
        { case: "twilio", value: { sid: "AC1", token: "t", senderNumber: "MG1", channel: beyond } },
      ],
      ["vonage.sender", { case: "vonage", value: { apiKey: "k", apiSecret: "a-secret" } }],
      ["messagebird.access_key", { case: "messagebird", value: { accessKey: tooLong, sender: "R" } }],
      // What a header cannot hold: a new line at the end, as it is pasted.
      ["messagebird.access_key", { case: "messagebird", value: { accessKey: "abc\n", sender: "R" } }],
      ["messagebird.access_key", { case: "messagebird", value: { accessKey: "schlüssel", sender: "R" } }],
      [
        "sns.access_key_id",
        { case: "sns", value: { ...snsAccount, accessKeyId: `${snsAccount.accessKeyId}\n` } },
      ],
      ["sns.access_key_id", { case: "sns", value: { ...snsAccount, accessKeyId: "A".repeat(15) } }],
      ["sns.access_key_id", { case: "sns", value: { ...snsAccount, accessKeyId: "A".repeat(129) } }],
      ["sns.region", { case: "sns", value: { ...snsAccount, region: "Frankfurt" } }],
      ["sns.sender_id", { case: "sns", value: { ...snsAccount, senderId: "twelve-letters" } }],
    ] as const
  ).map(([field, config], index) =>
    adding({
      name: `${index + 1}: a bad ${field}`,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ config }),
      expect: invalid(`AddProviderRequest.${field}`),
    }),
  ),
  ...(
    [
      ["Twilio with neither a sender nor Verify", {}],
      ["calls by a messaging service of Twilio", { senderNumber: "MG1", channel: Channel.VOICE }],
    ] as const
  ).map(([name, value]) =>
    adding({
      name,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ config: { case: "twilio", value: { sid: "AC1", token: "a-secret", ...value } } }),
      expect: invalid("AddProviderRequest.twilio"),
    }),
  ),
  ...permissionRows(adding, {}, "ORG_OWNER"),
];

// ------------------------------------------------------------------------------------ ChangeProvider

const changing = rowsOf("delivery.v1 ChangeProvider", method.changeProvider);

const changeRows: readonly Scenario[] = [
  ...kinds.map(({ config }) =>
    changing({
      name: `${config.case}: its description, and its secrets stay`,
      everyWay: true,
      given: withKind(config),
      caller: "IAM_OWNER",
      input: ({ id }) => ({ id, description: "Another", config: withoutSecrets(config) }),
      expect: (_, { clock }) => ok({ changeTime: time(clock.ms) }),
      ...changed,
      after: async ({ id }, world) => {
        const { provider } = await world.asAdmin(method.getProvider, { id });
        expect(provider?.description).toBe("Another");
      },
    }),
  ),
  changing({
    name: "a secret that sending needs cannot be taken away",
    given: withKind({ case: "vonage", value: { apiKey: "k", apiSecret: "a-secret", sender: "R" } }),
    caller: "administrator",
    input: ({ id }) => ({
      id,
      config: { case: "vonage", value: { apiKey: "k", apiSecret: "", sender: "R" } },
    }),
    expect: refused(Code.InvalidArgument, "SMS-s3Crt", "api_secret"),
  }),
  changing({
    name: "an endpoint that is no https URL",
    given: withHttp,
    caller: "administrator",
    input: ({ id }) => ({ id, config: { case: "http", value: { endpoint: "http://sms.example.com" } } }),
    expect: refused(Code.InvalidArgument, "SMS-u4Rlx"),
  }),
  changing({
    name: "the channel of a provider that was added by admin.v1",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({
      id,
      description: "Twilio",
      config: { case: "twilio", value: { ...twilioShown, channel: Channel.VOICE } },
    }),
    expect: (_, { clock }) => ok({ changeTime: time(clock.ms) }),
    ...changed,
    after: async ({ id }, world) => {
      const { token: _, ...config } = newTwilio;
      await world.asAdmin(AdminService.method.updateSMSProviderTwilio, { id, ...config, sid: "AC0002" });
      const { provider } = await world.asAdmin(method.getProvider, { id });
      expect(provider?.config.value).toMatchObject({ sid: "AC0002", channel: Channel.VOICE });
    },
  }),
  changing({
    name: "nothing",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ id, description: "Twilio", config: { case: "twilio", value: twilioShown } }),
    expect: ok({ changeTime: expect.any(String) }),
    about,
    details: "change",
  }),
  changing({
    name: "to another kind",
    given: withHttp,
    caller: "administrator",
    input: ({ id }) => ({ id, config: { case: "inbox", value: {} } }),
    expect: refused(Code.FailedPrecondition, "SMS-k1Ndx", "http"),
  }),
  ...idRows(
    (row) =>
      changing({ ...row, input: (given) => ({ ...row.input(given), config: { case: "inbox", value: {} } }) }),
    { request: "ChangeProviderRequest", missing: "SMS-c4Mis", id: 200 },
  ),
  ...permissionRows(changing, { id: tooLong }, "ORG_OWNER"),
];

// ------------------------------------------------------------------------- GetProvider, ListProviders

const getting = rowsOf("delivery.v1 GetProvider", method.getProvider);
const listing = rowsOf("delivery.v1 ListProviders", method.listProviders);

const readRows: readonly Scenario[] = [
  ...kinds.map(({ config, shown }) =>
    getting({
      name: config.case ?? "",
      everyWay: true,
      given: withKind(config),
      caller: "administrator",
      input: byId,
      expect: (given) => ok({ provider: shownAs(config.case ?? "", shown)(given) }),
    }),
  ),
  getting({
    name: "the active one",
    given: activated(withTwilio),
    caller: "administrator",
    input: byId,
    expect: ok({ provider: expect.objectContaining({ active: true }) }),
  }),
  ...idRows(getting, { request: "GetProviderRequest", missing: "QUERY-fn99w", id: 200 }),
  ...permissionRows(getting, { id: tooLong }, "ORG_OWNER"),

  listing({
    name: "none",
    given: withoutProvider,
    caller: "administrator",
    input: () => ({}),
    expect: ok(),
  }),
  listing({
    name: "the oldest first",
    everyWay: true,
    given: async (world) => {
      const first = await withTwilio(world);
      const { id } = await world.asAdmin(method.addProvider, { config: { case: "inbox", value: {} } });
      return { ...first, second: id };
    },
    caller: "administrator",
    input: () => ({}),
    expect: ({ id, second }) =>
      ok({
        providers: [
          expect.objectContaining({ id, twilio: { ...twilioShown, channel: "CHANNEL_SMS" } }),
          expect.objectContaining({ id: second, inbox: {} }),
        ],
      }),
  }),
  ...permissionRows(listing, {}, "ORG_OWNER"),
];

export const deliveryV1Providers: readonly Scenario[] = [...addRows, ...changeRows, ...readRows];
