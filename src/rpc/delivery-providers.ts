import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AddProviderRequest,
  Channel,
  type Provider,
  ProviderSchema,
} from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import type { Channel as ChannelName } from "../domain/channel.ts";
import type { SmsAccountInput } from "../app/sms-account.ts";
import type { SmsProviderShown, SmsProviderView } from "../app/sms-provider.ts";

/** Providers as ringback.delivery.v1 tells them. */

export const wireChannels: Readonly<Record<ChannelName, Channel>> = {
  sms: Channel.SMS,
  whatsapp: Channel.WHATSAPP,
  voice: Channel.VOICE,
};

const channelOf: Readonly<Record<Channel, ChannelName>> = {
  [Channel.UNSPECIFIED]: "sms",
  [Channel.SMS]: "sms",
  [Channel.WHATSAPP]: "whatsapp",
  [Channel.VOICE]: "voice",
};

/** An account as it was described. */
export function inputOf(description: string, config: AddProviderRequest["config"]): SmsAccountInput {
  switch (config.case) {
    case "http":
      return { kind: "http", description, endpoint: config.value.endpoint };
    case "twilio": {
      const { sid, token, senderNumber, verifyServiceSid, channel } = config.value;
      const account = { sid, token, senderNumber, verifyServiceSid, channel: channelOf[channel] };
      return { kind: "twilio", description, ...account };
    }
    case "vonage": {
      const { apiKey, apiSecret, sender, signatureSecret } = config.value;
      return { kind: "vonage", description, apiKey, apiSecret, sender, signatureSecret };
    }
    case "messagebird": {
      const { accessKey, sender, signingKey } = config.value;
      return { kind: "messagebird", description, accessKey, sender, signingKey };
    }
    case "sns": {
      const { region, accessKeyId, secretAccessKey, senderId } = config.value;
      return { kind: "sns", description, region, accessKeyId, secretAccessKey, senderId };
    }
    case "inbox":
      return { kind: "inbox", description };
    case undefined:
      throw new Error("the contract lets no request through that has no config");
  }
}

export function wireProvider({ id, details, isActive, config }: SmsProviderView): Provider {
  return create(ProviderSchema, {
    id,
    description: config.description,
    active: isActive,
    createTime: timestampFromMs(details.createdMs),
    changeTime: timestampFromMs(details.changedMs),
    config: wireConfig(config),
  });
}

/** Field by field: no secret is in them. */
function wireConfig(
  config: SmsProviderShown,
): NonNullable<MessageInitShape<typeof ProviderSchema>["config"]> {
  switch (config.kind) {
    case "twilio": {
      const { sid, senderNumber, verifyServiceSid, channel = "sms" } = config;
      return {
        case: "twilio",
        value: { sid, senderNumber, verifyServiceSid, channel: wireChannels[channel] },
      };
    }
    case "http":
      return { case: "http", value: { endpoint: config.endpoint } };
    case "vonage":
      return { case: "vonage", value: { apiKey: config.apiKey, sender: config.sender } };
    case "messagebird":
      return { case: "messagebird", value: { sender: config.sender } };
    case "sns": {
      const { region, accessKeyId, senderId } = config;
      return { case: "sns", value: { region, accessKeyId, senderId } };
    }
    case "inbox":
      return { case: "inbox", value: {} };
  }
}
