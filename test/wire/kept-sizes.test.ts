import { afterAll, expect, it } from "@jest/globals";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { openWorld } from "../support/wire-world.ts";

/** What clients may keep here has bounds, and everything up to them is kept. */

const admin = AdminService.method;
const management = ManagementService.method;
const textsMax = 200;

const world = await openWorld("safe");
afterAll(() => world.close());

interface Text {
  readonly language: string;
  readonly text: string;
}

it.each([
  {
    scope: "the instance",
    set: (request: Text) => world.asAdmin(admin.setDefaultVerifyPhoneMessageText, request),
    reset: (language: string) =>
      world.asAdmin(admin.resetCustomVerifyPhoneMessageTextToDefault, { language }),
  },
  {
    scope: "an organization",
    set: (request: Text) => world.asAdmin(management.setCustomVerifyPhoneMessageText, request),
    reset: (language: string) =>
      world.asAdmin(management.resetCustomVerifyPhoneMessageTextToDefault, { language }),
  },
])("$scope has 200 texts at most", async ({ set, reset }) => {
  const textIn = (language: string, text = "{{.Code}}") => set({ language, text });
  for (let count = 1; count <= textsMax; count += 1) await textIn(`en-x-${count}`);
  await expect(textIn("fr")).rejects.toThrow("There may be 200 message texts at most. (TEXT-t0Mny)");
  await textIn("en-x-1", "Your code: {{.Code}}");
  await reset("en-x-1");
  await textIn("fr");
});
