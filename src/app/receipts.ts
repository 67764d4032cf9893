import type { Clock } from "../lib/clock.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { Outbox } from "./outbox-port.ts";
import type { ReceiptRequest, SmsProvider } from "./sms-port.ts";

/** Where providers report what became of a message: `{public URL}/receipts/{provider id}?message={message id}`. */

export const receiptsPath = "/receipts/";

/** @param publicUrl without a slash at its end */
export function receiptUrl(publicUrl: string, providerId: string, messageId: string): string {
  const query = new URLSearchParams({ message: messageId }).toString();
  return `${publicUrl}${receiptsPath}${providerId}?${query}`;
}

export interface ReceiptsOptions {
  /** Where this server is reached from outside, as providers were told. */
  readonly publicUrl: string;
  readonly outbox: Pick<Outbox, "find" | "noteReceipt">;
  /** The provider in use, made of the account with this id. */
  readonly providerById: (id: string) => MaybePromise<SmsProvider | undefined>;
  readonly clock: Clock;
}

/** A report as it came in. */
export interface IncomingReceipt {
  readonly providerId: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: ReceiptRequest["headers"];
  readonly readBody: () => Promise<Uint8Array>;
}

export type ReceiptOutcome =
  /** Noted, or nothing new. */
  | "noted"
  /** There is no such provider, or it reports nothing. */
  | "not_expected"
  /** Not proved to come from the provider. */
  | "not_genuine"
  /** The provider was faster than the record of what it took: it may try again. */
  | "too_early";

/** Takes a report; its body is read only for a provider that reports. */
export async function takeReceipt(
  { publicUrl, outbox, providerById, clock }: ReceiptsOptions,
  { providerId, target, headers, readBody }: IncomingReceipt,
): Promise<ReceiptOutcome> {
  const provider = await providerById(providerId);
  if (provider?.readReceipt === undefined) return "not_expected";
  const request = { url: `${publicUrl}${target}`, headers, body: await readBody() };
  const atMs = clock.nowMs();
  const receipt = await provider.readReceipt(request, atMs);
  if (receipt === undefined) return "not_genuine";
  // First: looked at afterwards, a message that was recorded in between would seem to have its report.
  const message = await outbox.find(receipt.messageId);
  if (message?.state === "queued") return "too_early";
  await outbox.noteReceipt({ ...receipt, providerId, atMs });
  return "noted";
}
