import { AwsV4Signer } from "aws4fetch";
import type { SmsProvider } from "../app/sms-port.ts";
import { type AccountOf, type AnswerReader, type ApiOptions, HttpPost, type Refusal } from "./http-post.ts";

export type SnsProviderOptions = AccountOf<"sns"> & ApiOptions;

const reader: AnswerReader = {
  idOf,
  refused: refusalOf,
  // AWS answers 403 to a wrong key, signature or clock, and to a key without the right to publish.
  accountStatuses: [401, 402, 403],
};

/**
 * Sends through the action Publish of Amazon SNS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html), as
 * transactional SMS. SNS has no idempotency key for these, and reports receipts to CloudWatch only.
 */
export function createSnsProvider(options: SnsProviderOptions): SmsProvider {
  const { region, accessKeyId, secretAccessKey, senderId, clock } = options;
  const url = `${options.apiUrl ?? `https://sns.${region}.amazonaws.com`}/`;
  const post = new HttpPost({ ...options, receiver: "AWS SNS" });
  return {
    name: "sns",
    channel: "sms",
    isIdempotent: false,
    async send({ recipient, text }) {
      const body = new URLSearchParams({
        Action: "Publish",
        Version: "2010-03-31",
        PhoneNumber: recipient,
        Message: text,
        ...attributes({
          "AWS.SNS.SMS.SMSType": "Transactional",
          ...(senderId === "" ? {} : { "AWS.SNS.SMS.SenderID": senderId }),
        }),
      }).toString();
      const signed = await new AwsV4Signer({
        method: "POST",
        url,
        headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
        body,
        accessKeyId,
        secretAccessKey,
        service: "sns",
        region,
        datetime: new Date(clock.nowMs()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
      }).sign();
      return post.send(url, Object.fromEntries(signed.headers), body, reader);
    },
    close: () => post.close(),
  };
}

/** Message attributes as the query protocol of AWS numbers them. */
function attributes(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value], index) => {
      const entry = `MessageAttributes.entry.${index + 1}`;
      return [
        [`${entry}.Name`, name],
        [`${entry}.Value.DataType`, "String"],
        [`${entry}.Value.StringValue`, value],
      ];
    }),
  );
}

/** `<PublishResponse><PublishResult><MessageId>…` */
function idOf(body: string): string {
  return /<MessageId>([^<]+)<\/MessageId>/.exec(body)?.[1] ?? "";
}

/** `<ErrorResponse><Error><Code>…`; the message beside it may hold the number. AWS throttles with a 400 too. */
function refusalOf(body: string): Refusal | undefined {
  const reason = /<Code>([A-Za-z.]{1,64})<\/Code>/.exec(body)?.[1];
  if (reason === undefined) return undefined;
  return { reason, ...(reason.startsWith("Throttl") ? { kind: "retry" } : {}) };
}
