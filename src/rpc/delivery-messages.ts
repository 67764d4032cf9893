import { create } from "@bufbuild/protobuf";
import { durationFromMs, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Attempt,
  AttemptOutcome,
  AttemptSchema,
  Encoding,
  type Message,
  MessageSchema,
  MessageState,
  Purpose,
} from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import {
  type Attempt as AttemptRecord,
  type MessageRecord,
  type MessageState as StateName,
  messageStates,
} from "../app/outbox-port.ts";
import type { CodePurpose } from "../domain/codes.ts";
import type { SmsEncoding } from "../domain/sms-segments.ts";
import { wireChannels } from "./delivery-providers.ts";
import { sentence } from "./texts/sentence.ts";

/** Messages as ringback.delivery.v1 tells them. */

const purposes: Readonly<Record<CodePurpose, Purpose>> = {
  verify_phone: Purpose.VERIFY_PHONE,
  verify_otp_sms: Purpose.VERIFY_OTP_SMS,
  otp_sms: Purpose.OTP_SMS,
};

const states: Readonly<Record<StateName, MessageState>> = {
  queued: MessageState.QUEUED,
  sent: MessageState.SENT,
  delivered: MessageState.DELIVERED,
  undelivered: MessageState.UNDELIVERED,
  skipped: MessageState.SKIPPED,
  dead: MessageState.DEAD,
};

const encodings: Readonly<Record<SmsEncoding, Encoding>> = { gsm7: Encoding.GSM7, ucs2: Encoding.UCS2 };

const outcomes: Readonly<Record<NonNullable<AttemptRecord["outcome"]>, AttemptOutcome>> = {
  sent: AttemptOutcome.SENT,
  retry: AttemptOutcome.RETRY,
  unknown: AttemptOutcome.UNKNOWN,
  rejected: AttemptOutcome.REJECTED,
};

/** @returns undefined for every state */
export function stateOf(state: MessageState): StateName | undefined {
  return messageStates.find((name) => states[name] === state);
}

/** @param languages that a warning is told in, the first that there is */
export function wireMessage(record: MessageRecord, languages: readonly string[]): Message {
  const { id, userId, recipient, reason, createdMs, channel, encoding, segments = 0 } = record;
  const { sessionId = "", providerId = "", providerMessageId = "" } = record;
  const { state, receiptMs } = record;
  const isDelivered = state === "delivered" && receiptMs !== undefined;
  return create(MessageSchema, {
    id,
    userId,
    sessionId,
    recipient,
    reason,
    providerId,
    providerMessageId,
    segments,
    purpose: purposes[record.purpose],
    state: states[state],
    ...(channel === undefined ? {} : { channel: wireChannels[channel] }),
    createTime: timestampFromMs(createdMs),
    ...times({ expireTime: record.expiresMs, settleTime: record.settledMs, receiptTime: receiptMs }),
    ...(isDelivered ? { timeToDelivery: durationFromMs(receiptMs - createdMs) } : {}),
    ...(encoding === undefined ? {} : { encoding: encodings[encoding] }),
    warning:
      segments > 1 ? sentence("Warnings.Text.Segments", { segments: String(segments) }, languages) : "",
    attempts: record.attempts.map(wireAttempt),
  });
}

function wireAttempt({ providerId, startedMs, endedMs, outcome, reason = "" }: AttemptRecord): Attempt {
  return create(AttemptSchema, {
    providerId,
    reason,
    startTime: timestampFromMs(startedMs),
    ...times({ endTime: endedMs }),
    ...(outcome === undefined ? {} : { outcome: outcomes[outcome] }),
  });
}

/** Of the times that there are. */
function times<K extends string>(
  ms: Readonly<Record<K, number | null | undefined>>,
): Partial<Record<K, Timestamp>> {
  const found: Partial<Record<K, Timestamp>> = {};
  for (const name in ms) {
    const at = ms[name];
    if (at !== null && at !== undefined) found[name] = timestampFromMs(at);
  }
  return found;
}
