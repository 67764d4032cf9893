import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** A request as a provider gets it. */
export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A receiver on this machine. */
export interface Webhook {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** @param answer takes everything if it is left out */
export async function startWebhook(answer = takeIt): Promise<Webhook> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    received.push({ method, path, headers, body: await text(request) });
    answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function takeIt(response: ServerResponse): void {
  response.writeHead(204).end();
}

/** The headers of a request that is signed as Standard Webhooks says, with a key that is used as it is. */
export function standardWebhookBy(
  signingKey: string,
  id: string,
  body: string,
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const mac = createHmac("sha256", signingKey).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac}` };
}

/** What `ZITADEL-Signature` must be: one part for each key that is valid. */
export function signatureBy(signingKeys: readonly string[], body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1_000);
  const hexes = signingKeys.map((key) => createHmac("sha256", key).update(`${t}.${body}`).digest("hex"));
  return `t=${t}${hexes.map((hex) => `,v1=${hex}`).join("")}`;
}
