import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { invalid, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import {
  about,
  twilioConfig,
  newTwilio,
  twilioShown,
  httpConfig,
  httpShown,
  type Provider,
  withoutProvider,
  withTwilio,
  withHttp,
  activated,
  expectProvider,
  idRows,
} from "./sms-provider-rows.ts";

/** zitadel.admin.v1.AdminService: adding and changing SMS providers, in a world of its own. */

const { method } = AdminService;

// ------------------------------------------------------------- AddSMSProviderTwilio, AddSMSProviderHTTP

const addingTwilio = rowsOf("admin.v1 AddSMSProviderTwilio", method.addSMSProviderTwilio);
const addingHttp = rowsOf("admin.v1 AddSMSProviderHTTP", method.addSMSProviderHTTP);

const newId: unknown = expect.stringMatching(/^[0-9]{18}$/);
const newKey: unknown = expect.stringMatching(/^[A-Za-z0-9]{36}$/);
const added = { effect: ["settings.sms.provider.added"], about, details: "add" } as const;
const changed = { effect: ["settings.sms.provider.changed"], about } as const;
const tooLong = "x".repeat(201);

/** A hundred providers, which is all there may be. */
async function withEveryProvider(world: World): Promise<TestUser> {
  const user = await withoutProvider(world);
  await Promise.all(Array.from({ length: 100 }, () => world.asAdmin(method.addSMSProviderHTTP, httpConfig)));
  return user;
}

const tooMany = refused(Code.ResourceExhausted, "SMS-t0Mny", "100");
const badUrls = [
  "sms.example.com",
  "ftp://sms.example.com",
  "https://",
  "http://sms.example.com", // codes could be read on the way: for RINGBACK_SMS_ALLOW_PRIVATE only
  "https://user:password@sms.example.com", // would not be used, and would be shown
  "https://user@sms.example.com",
  "https://sms.example.com/#fragment",
];

const addRows: readonly Scenario[] = [
  addingTwilio({
    name: "inactive at first",
    everyWay: true,
    given: withoutProvider,
    caller: "IAM_OWNER",
    input: () => newTwilio,
    expect: ok({ id: newId }),
    ...added,
    after: expectProvider({ state: 2, description: "Twilio", config: { value: twilioShown } }),
  }),
  addingTwilio({
    name: "beside an active one, as long as may be",
    given: activated(withHttp),
    caller: "administrator",
    input: () => {
      const longest = "x".repeat(200);
      return {
        sid: longest,
        token: longest,
        senderNumber: longest,
        description: longest,
        verifyServiceSid: longest,
      };
    },
    expect: ok({ id: newId }),
    ...added,
    after: async ({ id }, world) => {
      const { config } = await world.asAdmin(method.getSMSProvider, { id });
      expect(config?.state).toBe(1);
    },
  }),
  addingTwilio({
    name: "one too many",
    given: withEveryProvider,
    caller: "administrator",
    input: () => newTwilio,
    expect: tooMany,
  }),
  ...[
    { field: "sid", input: { sid: "" } },
    { field: "sid", input: { sid: tooLong } },
    { field: "token", input: { token: "" } },
    { field: "token", input: { token: tooLong } },
    { field: "sender_number", input: { senderNumber: tooLong } },
    { field: "description", input: { description: tooLong } },
    { field: "verify_service_sid", input: { verifyServiceSid: tooLong } },
  ].map(({ field, input }) =>
    addingTwilio({
      name: `a bad ${field}`,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ ...newTwilio, ...input }),
      expect: invalid(`AddSMSProviderTwilioRequest.${field}`),
    }),
  ),
  ...permissionRows(addingTwilio, {}, "ORG_OWNER"),

  addingHttp({
    name: "inactive at first, with a signing key",
    everyWay: true,
    given: withoutProvider,
    caller: "IAM_OWNER",
    input: () => httpConfig,
    expect: ok({ id: newId, signingKey: newKey }),
    ...added,
    after: expectProvider({
      state: 2,
      description: "A webhook",
      config: { value: { ...httpShown, signingKey: "" } },
    }),
  }),
  addingHttp({
    name: "2,048 characters",
    given: withoutProvider,
    caller: "administrator",
    input: () => ({ endpoint: "https://sms.example.com/".padEnd(2_048, "x") }),
    expect: ok({ id: newId, signingKey: newKey }),
    ...added,
  }),
  addingHttp({
    name: "one too many",
    given: withEveryProvider,
    caller: "administrator",
    input: () => httpConfig,
    expect: tooMany,
  }),
  ...badUrls.map((endpoint) =>
    addingHttp({
      name: `to ${endpoint}`,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ endpoint }),
      expect: refused(Code.InvalidArgument, "SMS-u4Rlx"),
    }),
  ),
  ...[
    { field: "endpoint", input: { endpoint: "" } },
    { field: "endpoint", input: { endpoint: "https://sms.example.com/".padEnd(2_049, "x") } },
    { field: "description", input: { description: tooLong } },
  ].map(({ field, input }) =>
    addingHttp({
      name: `a bad ${field}`,
      given: withoutProvider,
      caller: "administrator",
      input: () => ({ ...httpConfig, ...input }),
      expect: invalid(`AddSMSProviderHTTPRequest.${field}`),
    }),
  ),
  ...permissionRows(addingHttp, {}, "ORG_OWNER"),
];

// --------------------------------------------------------------------------- UpdateSMSProviderTwilio…

const updateTwilio = rowsOf("admin.v1 UpdateSMSProviderTwilio", method.updateSMSProviderTwilio);
const updateToken = rowsOf("admin.v1 UpdateSMSProviderTwilioToken", method.updateSMSProviderTwilioToken);
const updateHttp = rowsOf("admin.v1 UpdateSMSProviderHTTP", method.updateSMSProviderHTTP);

const otherTwilio = { sid: "AC0002", senderNumber: "+15550002", description: "", verifyServiceSid: "VA0002" };
const otherHttp = { endpoint: "https://sms.example.org/hook", description: "" };

/** A webhook whose former signing key is valid for an hour. */
async function withReplacedKey(world: World): Promise<Provider & { readonly keyEnds: string }> {
  const provider = await withHttp(world);
  const { details } = await world.asAdmin(method.updateSMSProviderHTTP, {
    id: provider.id,
    ...httpConfig,
    expirationSigningKey: { seconds: 3_600n },
  });
  const keyEnds = new Date(world.clock.ms + 3_600_000).toISOString();
  return { ...provider, sequence: Number(details?.sequence), keyEnds };
}

const updateRows: readonly Scenario[] = [
  updateTwilio({
    name: "everything",
    everyWay: true,
    given: withTwilio,
    caller: "IAM_OWNER",
    input: ({ id }) => ({ id, ...otherTwilio }),
    expect: ok(),
    ...changed,
    after: (given, world, json) => {
      const { description, ...value } = otherTwilio;
      return expectProvider({ state: 2, description, config: { value } })(given, world, json);
    },
  }),
  updateTwilio({
    name: "nothing",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ id, ...twilioConfig }),
    expect: ok(),
    about,
    details: "change",
  }),
  updateTwilio({
    name: "Twilio Verify for the active one",
    given: activated(withTwilio),
    caller: "administrator",
    input: ({ id }) => ({ id, ...otherTwilio }),
    expect: ok(),
    ...changed,
  }),
  updateTwilio({
    name: "a webhook",
    given: withHttp,
    caller: "administrator",
    input: ({ id }) => ({ id, ...twilioConfig }),
    expect: refused(Code.NotFound, "COMMAND-MUY0IFAf8O"),
  }),
  ...idRows((row) => updateTwilio({ ...row, input: (given) => ({ ...twilioConfig, ...row.input(given) }) }), {
    request: "UpdateSMSProviderTwilioRequest",
    missing: "COMMAND-MUY0IFAf8O",
    id: 200,
  }),
  ...[
    { field: "sid", input: { sid: "" } },
    { field: "sid", input: { sid: tooLong } },
    { field: "sender_number", input: { senderNumber: tooLong } },
    { field: "description", input: { description: tooLong } },
    { field: "verify_service_sid", input: { verifyServiceSid: tooLong } },
  ].map(({ field, input }) =>
    updateTwilio({
      name: `a bad ${field}`,
      given: withTwilio,
      caller: "administrator",
      input: ({ id }) => ({ id, ...twilioConfig, ...input }),
      expect: invalid(`UpdateSMSProviderTwilioRequest.${field}`),
    }),
  ),
  ...permissionRows(updateTwilio, { id: tooLong }, "ORG_OWNER"),

  updateToken({
    name: "another token",
    everyWay: true,
    given: withTwilio,
    caller: "IAM_OWNER",
    input: ({ id }) => ({ id, token: "another-token" }),
    expect: ok(),
    ...changed,
    after: expectProvider({ state: 2, description: "Twilio", config: { value: twilioShown } }),
  }),
  updateToken({
    name: "of a webhook",
    given: withHttp,
    caller: "administrator",
    input: ({ id }) => ({ id, token: "another-token" }),
    expect: refused(Code.NotFound, "COMMAND-ij3NhEHATp"),
  }),
  ...idRows((row) => updateToken({ ...row, input: (given) => ({ token: "another", ...row.input(given) }) }), {
    request: "UpdateSMSProviderTwilioTokenRequest",
    missing: "COMMAND-ij3NhEHATp",
    id: 200,
  }),
  ...["", tooLong].map((token) =>
    updateToken({
      name: token === "" ? "an empty token" : "a token of 201 characters",
      given: withTwilio,
      caller: "administrator",
      input: ({ id }) => ({ id, token }),
      expect: invalid("UpdateSMSProviderTwilioTokenRequest.token"),
    }),
  ),
  ...permissionRows(updateToken, { id: tooLong }, "ORG_OWNER"),

  updateHttp({
    name: "everything but the signing key",
    everyWay: true,
    given: withHttp,
    caller: "IAM_OWNER",
    input: ({ id }) => ({ id, ...otherHttp }),
    expect: ok(),
    ...changed,
    after: (given, world, json) => {
      const { description, ...value } = otherHttp;
      return expectProvider({ state: 2, description, config: { value } })(given, world, json);
    },
  }),
  updateHttp({
    name: "nothing",
    given: withHttp,
    caller: "administrator",
    input: ({ id }) => ({ id, ...httpConfig }),
    expect: ok(),
    about,
    details: "change",
  }),
  ...[0n, 3_600n].map((seconds) =>
    updateHttp({
      name: `the signing key, whose former one is valid for ${seconds} s`,
      everyWay: true,
      given: withHttp,
      caller: "administrator",
      input: ({ id }) => ({ id, ...httpConfig, expirationSigningKey: { seconds } }),
      expect: ok({ signingKey: newKey }),
      ...changed,
    }),
  ),
  updateHttp({
    name: "the signing key, while the one before it is valid for longer",
    everyWay: true,
    given: withReplacedKey,
    caller: "IAM_OWNER",
    input: ({ id }) => ({ id, ...httpConfig, expirationSigningKey: { seconds: 3_600n } }),
    expect: ({ keyEnds }) => refused(Code.FailedPrecondition, "SMS-f0Key", keyEnds),
  }),
  updateHttp({
    name: "the signing key at once, while the one before it is valid: it ends, too",
    given: withReplacedKey,
    caller: "administrator",
    input: ({ id }) => ({ id, ...httpConfig, expirationSigningKey: { seconds: 0n } }),
    expect: ok({ signingKey: newKey }),
    ...changed,
  }),
  updateHttp({
    name: "the signing key, when the one before it has just ended",
    given: async (world) => {
      const provider = await withReplacedKey(world);
      world.clock.ms = Date.parse(provider.keyEnds);
      return provider;
    },
    caller: "administrator",
    input: ({ id }) => ({ id, ...httpConfig, expirationSigningKey: { seconds: 3_600n } }),
    expect: ok({ signingKey: newKey }),
    ...changed,
  }),
  updateHttp({
    name: "one of Twilio",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ id, ...httpConfig }),
    expect: refused(Code.NotFound, "COMMAND-6NW4I5Kqzj"),
  }),
  ...idRows((row) => updateHttp({ ...row, input: (given) => ({ ...httpConfig, ...row.input(given) }) }), {
    request: "UpdateSMSProviderHTTPRequest",
    missing: "COMMAND-6NW4I5Kqzj",
    id: 200,
  }),
  ...badUrls.map((endpoint) =>
    updateHttp({
      name: `to ${endpoint}`,
      given: withHttp,
      caller: "administrator",
      input: ({ id }) => ({ id, endpoint }),
      expect: refused(Code.InvalidArgument, "SMS-u4Rlx"),
    }),
  ),
  ...[
    { field: "endpoint", input: { endpoint: "" } },
    { field: "endpoint", input: { endpoint: "https://sms.example.com/".padEnd(2_049, "x") } },
    { field: "description", input: { description: tooLong } },
  ].map(({ field, input }) =>
    updateHttp({
      name: `a bad ${field}`,
      given: withHttp,
      caller: "administrator",
      input: ({ id }) => ({ id, ...httpConfig, ...input }),
      expect: invalid(`UpdateSMSProviderHTTPRequest.${field}`),
    }),
  ),
  ...permissionRows(updateHttp, { id: tooLong }, "ORG_OWNER"),
];

export const adminV1SmsProviderConfigs: readonly Scenario[] = [...addRows, ...updateRows];
