import { createHandlerContext } from "@connectrpc/connect";
import { expect, it } from "@jest/globals";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import type { Caller } from "../../src/app/auth-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createGate } from "../../src/rpc/gate.ts";
import { languagesOf } from "../../src/rpc/languages.ts";

const caller: Caller = {
  userId: "ada",
  organizationId: "org",
  preferredLanguage: "de",
  createdMs: 0,
  hasRoles: true,
  may: () => true,
  mayEverywhere: () => true,
};

/** A watch passes it before each message, for as long as it lasts. */
it.each([
  ["without accept-language", {}, ["de"]],
  ["with one", { "accept-language": "fr" }, ["de", "fr"]],
])(
  "a call that passes the gate again is as it was after the first time, %s",
  async (_name, header, languages) => {
    const gate = createGate({
      authenticate: () => caller,
      hasOrganization: async () => true,
      log: silentLog,
    });
    const context = createHandlerContext({
      service: InboxService,
      method: InboxService.method.watchMessages,
      protocolName: "grpc",
      requestMethod: "POST",
      url: "http://localhost/",
      requestHeader: header,
    });
    for (let message = 1; message <= 3; message += 1) await gate(context);
    expect(languagesOf(context)).toEqual(languages);
  },
);
