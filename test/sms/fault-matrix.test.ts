import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { afterAll, describe, expect, it } from "@jest/globals";
import type { SendResult } from "../../src/app/sms-port.ts";
import { createInboxProvider } from "../../src/sms/inbox.ts";
import { createSmsProvider } from "../../src/sms/providers.ts";
import { clock, message, silentMs } from "../support/provider-message.ts";
import { messagebird } from "../support/provider-messagebird.ts";
import {
  type DocumentedError,
  documentedErrors,
  give,
  type ProviderAnswer,
  type ProviderModel,
  startProvider,
} from "../support/provider-server.ts";
import { sns } from "../support/provider-sns.ts";
import { twilio, twilioAccount } from "../support/provider-twilio.ts";
import { twilioVerify } from "../support/provider-twilio-verify.ts";
import { vonage } from "../support/provider-vonage.ts";
import { webhook } from "../support/provider-webhook.ts";

/** What a failing provider means for a message: the table in docs/delivery-providers.md. */

const models: Readonly<Record<string, ProviderModel>> = {
  webhook,
  "Twilio Messages": twilio,
  "Twilio Calls": { ...twilio, account: () => ({ ...twilioAccount, channel: "voice" }) },
  "Twilio Verify": twilioVerify,
  Vonage: vonage,
  MessageBird: messagebird,
  "AWS SNS": sns,
};
const names = Object.keys(models);

/** What the server does instead of giving its good answer. */
const misbehaviors = {
  none: give,
  "reset before the answer": (response: ServerResponse) => void response.socket?.resetAndDestroy(),
  "reset in the body": (response: ServerResponse, { status, body }: ProviderAnswer) => {
    response.writeHead(status, { "content-length": body.length + 10 });
    response.write(`${body} `, () => response.socket?.resetAndDestroy());
  },
  hang: () => {},
  "slow drip": (response: ServerResponse, { status, body }: ProviderAnswer) => {
    response.writeHead(status, { "content-length": body.length + 1_000 }).write(body);
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  },
  "502": (response: ServerResponse) => give(response, { status: 502, body: "<html>" }),
} as const;

type Fault = keyof typeof misbehaviors | DocumentedError | "connection refused";

const silent: ReadonlySet<Fault> = new Set(["hang", "slow drip"]);

/** Each outcome, and the providers with another one. */
const matrix: readonly (readonly [Fault, string, Readonly<Record<string, string>>?])[] = [
  ["none", "sent"],
  ["connection refused", "retry"],
  ["reset before the answer", "unknown"],
  ["reset in the body", "unknown"],
  ["hang", "unknown"],
  ["slow drip", "unknown"],
  ["400", "rejected"],
  ["401", "rejected"],
  ["429", "retry after 3 s"],
  ["500", "retry"],
  ["502", "unknown"],
  ["2xx with an error body", "rejected", { webhook: "sent" }],
];

const table: (readonly string[])[] = [["fault", ...names]];

describe("the outcome of a send", () => {
  it.each(matrix)("with the fault: %s", async (fault, usual, exceptions = {}) => {
    const found = await Promise.all(names.map(async (name) => [name, await outcomeOf(name, fault)] as const));
    table.push([fault, ...found.map(([, outcome]) => outcome)]);
    const expected = names.map((name) => [name, exceptions[name] ?? usual]);
    expect(found).toEqual(expected);
  });

  it("of the inbox, whose store fails", async () => {
    const inbox = createInboxProvider(() => Promise.reject(new Error("the disk is full")));
    expect(await inbox.send(message)).toEqual({ kind: "retry", reason: "the disk is full" });
  });

  it("is told in the documentation as it is here", () => {
    expect(table).toHaveLength(1 + matrix.length);
    const document = readFileSync(new URL("../../docs/delivery-providers.md", import.meta.url), "utf8");
    const documented = document.split("\n").map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    for (const row of table) expect(documented).toContainEqual(row);
  });
});

afterAll(() => console.log(table.map((row) => row.map((cell) => cell.padEnd(24)).join("")).join("\n")));

async function outcomeOf(name: string, fault: Fault): Promise<string> {
  const model = models[name];
  if (model === undefined) throw new Error(`there is no model of ${name}`);
  const server = await startProvider(model);
  const { url } = server;
  if (fault === "connection refused") await server.close();
  else {
    server.respond = (response, request) =>
      isDocumented(fault)
        ? give(response, model.errors[fault])
        : misbehaviors[fault](response, model.answer(request));
  }
  const provider = createSmsProvider(model.account(url), {
    allowPrivate: true,
    clock,
    timeoutMs: silent.has(fault) ? silentMs : undefined,
    apiUrls: model.apiUrls(url) ?? {},
    inbox: { deliver: () => Promise.reject(new Error("this is no inbox")) },
  });
  const result = await provider.send(message);
  await provider.close();
  if (fault !== "connection refused") {
    expect(server.received).toHaveLength(1); // a provider asks once: the rest is the courier's
    await server.close();
  }
  expectNothingSecret(result, JSON.stringify(model.account(url)));
  return outcomeText(result);
}

function isDocumented(fault: Fault): fault is DocumentedError {
  return documentedErrors.some((error) => error === fault);
}

/** A reason is stored and shown. */
function expectNothingSecret(result: SendResult, account: string): void {
  const reason = "reason" in result ? result.reason : "";
  expect(reason).not.toMatch(/41791234567|123456/);
  const secrets = account.match(/"(?:token|apiSecret|accessKey|secretAccessKey|key)":"[^"]+"/g) ?? [];
  for (const secret of secrets) expect(reason).not.toContain(secret.split('"')[3]);
}

function outcomeText(result: SendResult): string {
  const afterMs = result.kind === "retry" ? result.retryAfterMs : undefined;
  return afterMs === undefined ? result.kind : `${result.kind} after ${afterMs / 1_000} s`;
}
