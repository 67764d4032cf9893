import { describe, expect, it } from "@jest/globals";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import { PathRouter } from "../../src/server/rest/path-router.ts";
import { parsePathTemplate } from "../../src/server/rest/path-template.ts";

function routerOf(...templates: string[]): PathRouter<string> {
  const router = new PathRouter<string>();
  for (const template of templates) router.add("GET", parsePathTemplate(template), template);
  return router;
}

function find(router: PathRouter<string>, path: string): [string, ...string[]] | undefined {
  const match = router.match("GET", path);
  return match && [match.value, ...match.captures];
}

describe("path templates", () => {
  it("tell variables, wildcards and the verb", () => {
    expect(parsePathTemplate("/v1/{user.name=users/*}/keys/{id}/**:wait")).toEqual({
      segments: ["v1", "users", "*", "keys", "*", "**"],
      variables: [
        { fieldPath: "user.name", start: 1, end: 3 },
        { fieldPath: "id", start: 4, end: 5 },
      ],
      verb: "wait",
    });
    expect(parsePathTemplate("/files/{path=**}").variables).toEqual([
      { fieldPath: "path", start: 1, end: Infinity },
    ]);
  });

  it.each([
    ["v1/users", "must start with a slash"],
    ["/", "lacks a segment"],
    ["/v1//users", "lacks a segment"],
    ["/v1/{}", "lacks the name of a field"],
    ["/v1/{a.}", "lacks a closing brace"],
    ["/v1/{a=b", "lacks a closing brace"],
    ["/v1/{a={b}}", "lacks a segment"],
    ["/v1/**/users", "must not go on after **"],
    ["/v1/{a}/{a}", "names a variable twice"],
    ["/v1:", "lacks a verb"],
    ["/v1/a}", 'has an unexpected "}"'],
  ])("refuse %s", (template, reason) => {
    expect(() => parsePathTemplate(template)).toThrow(reason);
  });
});

describe("the path router", () => {
  it("prefers literals to variables, and comes back from a literal that leads nowhere", () => {
    const router = routerOf("/users/me/phone", "/users/{id}/phone", "/users/{id}/email", "/{rest=**}");
    expect(find(router, "/users/me/phone")).toEqual(["/users/me/phone"]);
    expect(find(router, "/users/7/phone")).toEqual(["/users/{id}/phone", "7"]);
    expect(find(router, "/users/me/email")).toEqual(["/users/{id}/email", "me"]);
    expect(find(router, "/users/me/name")).toEqual(["/{rest=**}", "users/me/name"]);
  });

  it("takes a colon for a verb only where the verb is known", () => {
    const router = routerOf("/messages:wait", "/messages/{id}", "/messages/{id}:read");
    expect(find(router, "/messages:wait")).toEqual(["/messages:wait"]);
    expect(find(router, "/messages:stop")).toBeUndefined();
    expect(find(router, "/messages/urn:7:read")).toEqual(["/messages/{id}:read", "urn:7"]);
    expect(find(router, "/messages/urn:7")).toEqual(["/messages/{id}", "urn:7"]);
    expect(find(router, "/messages/7%3Aread")).toEqual(["/messages/{id}", "7:read"]);
  });

  it("does not take an empty segment for a value", () => {
    const router = routerOf("/users/{id}");
    expect(find(router, "/users/")).toBeUndefined();
    expect(find(router, "/users")).toBeUndefined();
    expect(find(router, "/users/7/")).toBeUndefined();
    expect(find(router, "//7")).toBeUndefined();
  });

  it("keeps an escaped slash escaped only in a value of several segments", () => {
    const router = routerOf("/one/{id}", "/many/{name=a/*}", "/all/{path=**}");
    expect(find(router, "/one/a%2Fb%20c")).toEqual(["/one/{id}", "a/b c"]);
    expect(find(router, "/many/a/b%2fc%20d")).toEqual(["/many/{name=a/*}", "a/b%2Fc d"]);
    expect(find(router, "/all/a/b%2Fc/d")).toEqual(["/all/{path=**}", "a/b%2Fc/d"]);
    expect(find(router, "/all")).toEqual(["/all/{path=**}", ""]);
  });

  it("refuses a broken escape", () => {
    for (const escape of ["%", "%zz", "%2", "%c3", "%ff"]) {
      expect(() => find(routerOf("/users/{id}"), `/users/${escape}`)).toThrow(
        new ConnectError(`the path has a broken percent-escape: "${escape}"`, Code.InvalidArgument),
      );
    }
  });

  it("refuses two templates for the same paths, and tells the methods of a path", () => {
    const router = routerOf("/users/{id}", "/keys/{id}");
    expect(() => router.add("GET", parsePathTemplate("/users/{name}"), "")).toThrow(
      "two methods have the path GET /users/*",
    );
    router.add("POST", parsePathTemplate("/users/{id}"), "");
    expect(router.methodsOf("/users/7")).toEqual(["GET", "POST"]);
    expect(router.methodsOf("/keys/7")).toEqual(["GET"]);
    expect(router.methodsOf("/none/7")).toEqual([]);
  });

  it("finds every template by a path made from it, with the values that were put in", () => {
    const literal = fc.stringMatching(/^[a-z]{1,3}$/);
    const value = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
    const segment = fc.oneof(
      literal.map((text) => ({ template: text, value: undefined, path: text })),
      value.map((text) => ({ template: "*", value: text, path: encodeURIComponent(text) })),
    );
    const route = fc.array(segment, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 8 }), (routes) => {
        const router = new PathRouter<string>();
        const shapes = new Set<string>();
        for (const each of routes) {
          const shape = each.map((s) => s.template).join("/");
          if (shapes.has(shape)) continue;
          shapes.add(shape);
          const text = each.map((s, i) => (s.value === undefined ? s.template : `{v${i}}`)).join("/");
          router.add("GET", parsePathTemplate(`/${text}`), shape);
        }
        for (const each of routes) {
          const match = router.match("GET", `/${each.map((s) => s.path).join("/")}`);
          expect(match).toBeDefined();
          if (match?.value !== each.map((s) => s.template).join("/")) continue; // a literal went before
          expect(match.captures).toEqual(each.flatMap((s) => s.value ?? []));
        }
      }),
    );
  });
});
