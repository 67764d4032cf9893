import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/** A message as the webhook got it. */
export interface Delivery {
  /** The idempotency key. */
  readonly key: string;
  readonly recipient: string;
  readonly code: string;
}

export interface ReceiverOptions {
  readonly signingKey: string;
  /** The status of the answer; 204 if it is left out. */
  readonly answer?: (delivery: Delivery) => number | Promise<number>;
}

export interface Receiver {
  readonly url: string;
  /** What was taken (answered with 2xx), by idempotency key. */
  readonly taken: ReadonlyMap<string, Delivery>;
  /** How often each message came, whatever was answered, by idempotency key. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** The newest code for a number, if one was taken. */
  codeFor(recipient: string): string | undefined;
  /** What a receiver must never see: a bad signature, or one key with two contents. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** A webhook as a careful receiver writes it: it checks the signature, and takes each message once. */
export async function startReceiver({ signingKey, answer }: ReceiverOptions): Promise<Receiver> {
  const seen = new Map<string, Delivery>();
  const taken = new Map<string, Delivery>();
  const codes = new Map<string, string>();
  const complaints: string[] = [];
  const arrivals = new Map<string, number>();

  async function receive(request: IncomingMessage): Promise<number> {
    const body = await text(request);
    const { "zitadel-signature": signature, "idempotency-key": key } = request.headers;
    if (!isSigned(String(signature), body, signingKey, Date.now())) complaints.push(`signature ${signature}`);
    const { contextInfo, args } = JSON.parse(body);
    const delivery = { key: String(key), recipient: contextInfo.recipientPhoneNumber, code: args.code };
    const before = seen.get(delivery.key) ?? delivery;
    if (before.recipient !== delivery.recipient || before.code !== delivery.code) {
      complaints.push(`two contents under the key ${delivery.key}`);
    }
    seen.set(delivery.key, delivery);
    arrivals.set(delivery.key, (arrivals.get(delivery.key) ?? 0) + 1);
    const status = (await answer?.(delivery)) ?? 204;
    if (status < 300) {
      taken.set(delivery.key, delivery);
      codes.set(delivery.recipient, delivery.code);
    }
    return status;
  }

  const server = createServer((request, response) => {
    receive(request).then(
      (status) => response.writeHead(status).end(),
      () => request.destroy(), // the sender was killed meanwhile
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    taken,
    arrivals,
    codeFor: (recipient) => codes.get(recipient),
    complaints,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const signatureAgeSecondsMax = 300;

/** Checks `ZITADEL-Signature` by its description: `t=<unix seconds>,v1=<hex>` over `<t>.<body>`. */
function isSigned(header: string, body: string, signingKey: string, nowMs: number): boolean {
  const [, t = "", v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const isFresh = Math.abs(nowMs / 1000 - Number(t)) <= signatureAgeSecondsMax;
  return isFresh && v1 === createHmac("sha256", signingKey).update(`${t}.${body}`).digest("hex");
}
