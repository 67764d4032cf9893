import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { userNameKey } from "../../src/app/user-kind.ts";

/** What keeps a user name unique in its organization. */

describe("the key of a user name", () => {
  it("tells every organization and every name from all others", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ":", "%", "3", "A", "\ud800") });
    fc.assert(
      fc.property(text, text, text, text, (organization, name, otherOrganization, otherName) => {
        const isSame = organization === otherOrganization && name.toLowerCase() === otherName.toLowerCase();
        const [one, other] = [userNameKey(organization, name), userNameKey(otherOrganization, otherName)];
        expect(one.key === other.key).toBe(isSame);
      }),
      { examples: [["a", "b:c", "a:b", "c"]] },
    );
  });

  it.each(["default", "243861220627644418", "Ringback AG", "zürich_1~2.3-4"])("of %s is as it was", (id) => {
    expect(userNameKey(id, "Ada@Example.com").key).toBe(`${id}:ada@example.com`);
  });
});
