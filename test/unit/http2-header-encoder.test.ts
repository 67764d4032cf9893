import type { OutgoingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import * as fc from "fast-check";
import { HeaderDecoder } from "../../src/http2/header-decoder.ts";
import { encodeHeaders } from "../../src/http2/header-encoder.ts";

/** Header blocks of answers. */

const names = fc.oneof(
  fc.constantFrom("content-type", "date", "set-cookie", "grpc-status", "x".repeat(127), "x".repeat(300)),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
);
const value = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((octet) => String.fromCharCode(octet)),
  maxLength: 300,
  size: "max",
});
const values = fc.oneof(value, fc.nat(), fc.constant(undefined), fc.array(value, { maxLength: 3 }));
const headers = fc.dictionary(names, values, { noNullPrototype: true });
const status = fc.option(fc.constantFrom(100, 200, 204, 206, 304, 400, 401, 404, 500, 503), {
  nil: undefined,
});

function decoded(block: Buffer): unknown {
  return new HeaderDecoder(2 ** 20).decode(block)?.map((field) => [field.name, field.value]);
}

const httpDate = expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);

function expected(code: number | undefined, fields: OutgoingHttpHeaders): unknown {
  const each = Object.entries(fields).flatMap(([name, one]) => {
    if (one === undefined) return [];
    return Array.isArray(one) ? one.map((part) => [name, part]) : [[name, String(one)]];
  });
  if (code === undefined) return each;
  const isDated = code >= 200 && fields.date === undefined;
  return [[":status", String(code)], ...(isDated ? [["date", httpDate]] : []), ...each];
}

beforeAll(() => void jest.useFakeTimers());
afterAll(() => void jest.useRealTimers());

describe("a header block of an answer", () => {
  it("says the status, the time unless it is told already, and the fields in their order", () => {
    fc.assert(
      fc.property(status, headers, (code, fields) => {
        expect(decoded(encodeHeaders(code, fields))).toEqual(expected(code, fields));
      }),
    );
  });

  it("of frozen fields says the same, again and again, whatever the status was before", () => {
    fc.assert(
      fc.property(headers, fc.array(status, { minLength: 1, maxLength: 6 }), (fields, codes) => {
        Object.freeze(fields);
        for (const code of codes) {
          expect(decoded(encodeHeaders(code, fields))).toEqual(expected(code, fields));
        }
      }),
    );
  });

  it("of fields that are not frozen says what they are now", () => {
    const fields: OutgoingHttpHeaders = { date: "1" };
    encodeHeaders(200, fields);
    fields["date"] = "2";
    expect(decoded(encodeHeaders(200, fields))).toEqual(expected(200, fields));
  });

  it("of frozen fields says the time that it is", () => {
    const fields = Object.freeze({ "content-type": "text/plain" });
    jest.setSystemTime(new Date("2026-11-22T10:00:00.000Z"));
    jest.advanceTimersByTime(1_000);
    const answers = [0, 999, 1].map((ms) => {
      jest.advanceTimersByTime(ms);
      return decoded(encodeHeaders(200, fields));
    });
    const at = (date: string): unknown => [
      [":status", "200"],
      ["date", date],
      ["content-type", "text/plain"],
    ];
    const first = at("Sun, 22 Nov 2026 10:00:01 GMT");
    expect(answers).toEqual([first, first, at("Sun, 22 Nov 2026 10:00:02 GMT")]);
  });

  it("leaves the table of the client alone", () => {
    const decoder = new HeaderDecoder(2 ** 20);
    const block = encodeHeaders(200, { date: "1", "x-own": "2" });
    decoder.decode(block);
    expect(() => decoder.decode(Buffer.of(0xbe))).toThrow("an index");
  });
});
