import { createHandlerContext } from "@connectrpc/connect";
import { expect, it } from "@jest/globals";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { createCaller } from "../../src/auth/roles.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createGate } from "../../src/rpc/gate.ts";
import { languagesOf } from "../../src/rpc/languages.ts";

const caller = createCaller({
  userId: "ada",
  organizationId: "org",
  preferredLanguage: "de",
  roles: ["IAM_OWNER"],
  createdMs: 0,
});

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
