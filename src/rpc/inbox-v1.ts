import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  ClearMessagesResponseSchema,
  type InboxService,
  ListMessagesResponseSchema,
  type Message,
  MessageSchema,
  Purpose,
  WaitForMessageResponseSchema,
  WatchMessagesResponseSchema,
} from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import type { Inbox } from "../app/inbox.ts";
import type { InboxMessage } from "../app/inbox-port.ts";
import type { CodePurpose } from "../domain/codes.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";

const limitDefault = 100;

const purposes: Readonly<Record<CodePurpose, Purpose>> = {
  verify_phone: Purpose.VERIFY_PHONE,
  verify_otp_sms: Purpose.VERIFY_OTP_SMS,
  otp_sms: Purpose.OTP_SMS,
};

export interface InboxOptions {
  /** Aborted when a wait must end: the caller is gone, or the server is shutting down. */
  readonly waitSignal: (context: HandlerContext) => AbortSignal;
  /** Lets a call pass, as when it began. @throws where its caller may not call any more */
  readonly gate: (context: HandlerContext) => MaybePromise<void>;
}

/**
 * ringback.inbox.v1.InboxService. The caller of a wait passes the gate again before a message is given: in the meantime
 * the token may have expired, or a role been taken away.
 */
export function inboxV1(inbox: Inbox, { waitSignal, gate }: InboxOptions): ServiceImpl<typeof InboxService> {
  return {
    async listMessages(request) {
      const messages = await inbox.list(request.phoneNumber || undefined, request.limit || limitDefault);
      return create(ListMessagesResponseSchema, { messages: messages.map(messageOf) });
    },

    async waitForMessage(request, context) {
      const afterId = Number(request.afterMessageId); // the contract allows digits only; "" is 0
      const message = await inbox.wait(request.phoneNumber, afterId, waitSignal(context));
      await gate(context);
      return create(WaitForMessageResponseSchema, { message: messageOf(message) });
    },

    async *watchMessages(request, context) {
      const signal = waitSignal(context);
      for await (const message of inbox.watch(request.phoneNumber || undefined, signal)) {
        await gate(context);
        yield create(WatchMessagesResponseSchema, { message: messageOf(message) });
      }
      signal.throwIfAborted(); // no watch ends well: there may always be another message
    },

    async clearMessages(request) {
      return create(ClearMessagesResponseSchema, {
        count: await inbox.clear(request.phoneNumber || undefined),
      });
    },
  };
}

function messageOf(message: InboxMessage): Message {
  return create(MessageSchema, {
    id: String(message.id),
    phoneNumber: message.recipient,
    text: message.text,
    code: message.code,
    purpose: purposes[message.purpose],
    userId: message.userId,
    createTime: timestampFromMs(message.createdMs),
    ...(message.expiresMs === null ? {} : { expireTime: timestampFromMs(message.expiresMs) }),
  });
}
