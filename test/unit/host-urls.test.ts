import { expect, it } from "@jest/globals";
import { hostUrls } from "../../src/lib/host-urls.ts";

it.each([
  ["postgres://db/ringback", ["postgres://db/ringback"]],
  [
    "postgres://ann:p@a:5432,b:5433/ringback?sslmode=require",
    ["postgres://ann:p@a:5432/ringback?sslmode=require", "postgres://ann:p@b:5433/ringback?sslmode=require"],
  ],
  ["postgres://[::1],[::2]:5433/db", ["postgres://[::1]/db", "postgres://[::2]:5433/db"]],
])("%s", (text, urls) => expect(hostUrls(text)).toEqual(urls));

it.each(["", "postgres", "postgres://a,/db", "postgres://,b/db", "postgres://a:x,b/db"])(
  "no host in %j is left out",
  (text) => expect(hostUrls(text)).toBeUndefined(),
);
