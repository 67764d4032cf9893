import type { HandlerContext } from "@connectrpc/connect";
import type { CodeRequest } from "../app/code-call.ts";
import { type Channel, channels } from "../domain/channel.ts";
import { DomainError, refusal } from "../domain/errors.ts";

const keyCharactersMax = 255;
const printable = /^[\x20-\x7e]+$/;

const keyInvalid = refusal("invalid_argument", "RINGBACK-i3Key", "Errors.Idempotency.KeyInvalid");
const channelUnknown = refusal("invalid_argument", "RINGBACK-c6Unk", "Errors.Channel.Unknown");

/**
 * What the headers `Idempotency-Key` and `ringback-channel` of a call say about the code that it makes.
 *
 * @throws DomainError for a value that is not allowed
 */
export function codeRequestOf({ requestHeader, method }: HandlerContext): CodeRequest {
  const key = requestHeader.get("idempotency-key");
  const channel = requestHeader.get("ringback-channel");
  return {
    ...(key === null ? {} : { idempotency: { key: checkedKey(key), method: nameOf(method) } }),
    ...(channel === null ? {} : { channel: knownChannel(channel) }),
  };
}

function nameOf({ parent, name }: HandlerContext["method"]): string {
  return `${parent.typeName}/${name}`;
}

function checkedKey(key: string): string {
  if (key.length > keyCharactersMax || !printable.test(key)) {
    throw new DomainError(keyInvalid, { max: String(keyCharactersMax) });
  }
  return key;
}

function knownChannel(name: string): Channel {
  const channel = channels.find((each) => each === name);
  if (channel === undefined) {
    throw new DomainError(channelUnknown, { channel: name, known: channels.join(", ") });
  }
  return channel;
}
