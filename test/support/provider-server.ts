import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { SmsAccount } from "../../src/app/sms-port.ts";
import type { SmsProviderOptions } from "../../src/sms/providers.ts";

/** A request as a provider gets it. */
export interface ProviderRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers that are errors, as the provider's documentation shows them. */
export const documentedErrors = ["400", "401", "429", "500", "2xx with an error body"] as const;
export type DocumentedError = (typeof documentedErrors)[number];

/** A provider as its documentation describes it. */
export interface ProviderModel {
  /** An account there. */
  readonly account: (url: string) => SmsAccount;
  readonly apiUrls: (url: string) => SmsProviderOptions["apiUrls"];
  /** Checks the request as the provider would, who sends it included. */
  readonly answer: (request: ProviderRequest) => ProviderAnswer;
  readonly errors: Readonly<Record<DocumentedError, ProviderAnswer>>;
}

/** A provider on this machine. */
export interface ProviderServer {
  readonly url: string;
  readonly received: readonly ProviderRequest[];
  /** What it does with a request; as the model says until it is replaced. */
  respond: (response: ServerResponse, request: ProviderRequest) => void;
  close(): Promise<void>;
}

export async function startProvider({ answer }: Pick<ProviderModel, "answer">): Promise<ProviderServer> {
  const received: ProviderRequest[] = [];
  const http = createServer(async (incoming, response) => {
    const { method = "", url: path = "", headers } = incoming;
    const request = { method, path, headers, body: await text(incoming) };
    received.push(request);
    server.respond(response, request);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  const server: ProviderServer = {
    url: `http://127.0.0.1:${address.port}`,
    received,
    respond: (response, request) => give(response, answer(request)),
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

export function give(response: ServerResponse, { status, headers = {}, body }: ProviderAnswer): void {
  response.writeHead(status, headers).end(body);
}

export function json(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): ProviderAnswer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
