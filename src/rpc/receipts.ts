import {
  type IncomingReceipt,
  type ReceiptOutcome,
  type ReceiptsOptions,
  takeReceipt,
} from "../app/receipts.ts";

/** Far more than any provider tells of a message. */
const bodyBytesMax = 64 * 1024;
const bodyMsMax = 5_000;
/** For one provider: slow requests in the name of one hold up no receipts of the others. */
const concurrentMax = 128;
const concurrentMaxOfAll = 1_024;

const statuses: Readonly<Record<ReceiptOutcome, number>> = {
  noted: 204,
  not_genuine: 403,
  not_expected: 404,
  too_early: 503,
};

/** An HTTP request below the path of receipts; its name is the id of the provider. */
type HttpReceipt = Omit<IncomingReceipt, "providerId"> & { readonly name: string };

/** What providers report by HTTP, as the use case takes it. */
export function receiptsEndpoint(options: ReceiptsOptions) {
  return {
    // MessageBird reports by GET, the others by POST.
    methods: ["GET", "POST"],
    bodyBytesMax,
    bodyMsMax,
    concurrentMax,
    concurrentMaxOfAll,
    handle: async ({ name: providerId, target, headers, readBody }: HttpReceipt) =>
      statuses[await takeReceipt(options, { providerId, target, headers, readBody })],
  };
}
