import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ActivateSMSProviderResponseSchema,
  AddSMSProviderHTTPResponseSchema,
  AddSMSProviderTwilioResponseSchema,
  type AdminService,
  DeactivateSMSProviderResponseSchema,
  GetSMSProviderResponseSchema,
  ListSMSProvidersResponseSchema,
  RemoveSMSProviderResponseSchema,
  UpdateSMSProviderHTTPResponseSchema,
  UpdateSMSProviderTwilioResponseSchema,
  UpdateSMSProviderTwilioTokenResponseSchema,
} from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import {
  HTTPConfigSchema,
  type SMSProvider,
  SMSProviderConfigState,
  SMSProviderSchema,
  TwilioConfigSchema,
} from "../../gen/zitadel/settings/v1/sms_provider_pb.js";
import type { AppContext } from "../app/context.ts";
import {
  activateSmsProvider,
  addSmsProvider,
  changeHttp,
  changeTwilio,
  changeTwilioToken,
  deactivateSmsProvider,
  getSmsProvider,
  listSmsProviders,
  removeSmsProvider,
  type SmsProviderShown,
  type SmsProviderView,
} from "../app/sms-provider.ts";
import { v1AddDetails, v1ChangeDetails, v1ListDetails, v1ViewDetails } from "./details.ts";
import { boundedMs } from "./durations.ts";
import { cut, pageOf } from "./paging.ts";

type Methods = Pick<
  ServiceImpl<typeof AdminService>,
  | "listSMSProviders"
  | "getSMSProvider"
  | "addSMSProviderTwilio"
  | "updateSMSProviderTwilio"
  | "updateSMSProviderTwilioToken"
  | "addSMSProviderHTTP"
  | "updateSMSProviderHTTP"
  | "activateSMSProvider"
  | "deactivateSMSProvider"
  | "removeSMSProvider"
>;

/** zitadel.admin.v1.AdminService: SMS providers. */
export function smsProvidersV1(app: AppContext): Methods {
  return {
    async listSMSProviders({ query }) {
      const all = (await listSmsProviders(app)).map(v1SmsProvider);
      return create(ListSMSProvidersResponseSchema, {
        details: v1ListDetails({ total: all.length, atMs: app.clock.nowMs() }),
        result: cut(query?.asc === false ? all.toReversed() : all, pageOf(query)),
      });
    },

    async getSMSProvider({ id }) {
      return create(GetSMSProviderResponseSchema, { config: v1SmsProvider(await getSmsProvider(app, id)) });
    },

    async addSMSProviderTwilio({ sid, token, senderNumber, description, verifyServiceSid }) {
      const account = { sid, token, senderNumber, description, verifyServiceSid };
      const { id, details } = await addSmsProvider(app, { kind: "twilio", ...account });
      return create(AddSMSProviderTwilioResponseSchema, { id, details: v1AddDetails(details) });
    },

    async updateSMSProviderTwilio({ id, sid, senderNumber, description, verifyServiceSid }) {
      const change = { sid, senderNumber, description, verifyServiceSid };
      const details = await changeTwilio(app, id, change);
      return create(UpdateSMSProviderTwilioResponseSchema, { details: v1ChangeDetails(details) });
    },

    async updateSMSProviderTwilioToken({ id, token }) {
      const details = await changeTwilioToken(app, id, token);
      return create(UpdateSMSProviderTwilioTokenResponseSchema, { details: v1ChangeDetails(details) });
    },

    async addSMSProviderHTTP({ endpoint, description }) {
      const { id, details, signingKey } = await addSmsProvider(app, { kind: "http", endpoint, description });
      return create(AddSMSProviderHTTPResponseSchema, { id, details: v1AddDetails(details), signingKey });
    },

    async updateSMSProviderHTTP({ id, endpoint, description, expirationSigningKey }) {
      const formerKeyMs = expirationSigningKey && boundedMs("expiration_signing_key", expirationSigningKey);
      const { details, signingKey } = await changeHttp(app, id, { endpoint, description }, formerKeyMs);
      return create(UpdateSMSProviderHTTPResponseSchema, { details: v1ChangeDetails(details), signingKey });
    },

    async activateSMSProvider({ id }) {
      const details = await activateSmsProvider(app, id);
      return create(ActivateSMSProviderResponseSchema, { details: v1ChangeDetails(details) });
    },

    async deactivateSMSProvider({ id }) {
      const details = await deactivateSmsProvider(app, id);
      return create(DeactivateSMSProviderResponseSchema, { details: v1ChangeDetails(details) });
    },

    async removeSMSProvider({ id }) {
      const details = await removeSmsProvider(app, id);
      return create(RemoveSMSProviderResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}

function v1SmsProvider({ id, details, isActive, config }: SmsProviderView): SMSProvider {
  return create(SMSProviderSchema, {
    id,
    details: v1ViewDetails(details),
    state: isActive
      ? SMSProviderConfigState.SMS_PROVIDER_CONFIG_ACTIVE
      : SMSProviderConfigState.SMS_PROVIDER_CONFIG_INACTIVE,
    description: config.description,
    config: v1Config(config),
  });
}

/** The API knows two kinds; of the others it shows no more than the description. */
function v1Config(config: SmsProviderShown): SMSProvider["config"] {
  switch (config.kind) {
    case "twilio": {
      const { sid, senderNumber, verifyServiceSid } = config;
      return { case: "twilio", value: create(TwilioConfigSchema, { sid, senderNumber, verifyServiceSid }) };
    }
    case "http":
      return { case: "http", value: create(HTTPConfigSchema, { endpoint: config.endpoint }) };
    default:
      return { case: undefined };
  }
}
