import { afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import * as fc from "fast-check";
import { HeaderDecoder } from "../../src/http2/header-decoder.ts";
import { errorCode } from "../../src/http2/frames.ts";
import { headerField } from "../../src/http2/header-field.ts";
import { decodeHuffman } from "../../src/http2/huffman.ts";
import {
  type Field,
  HpackWriter,
  type Huffman,
  huffmanOfNode,
  integer,
  type Manner,
  plainBlock,
  text,
} from "../support/hpack-writer.ts";

/** How header blocks are read (HPACK, RFC 7541). */

const listBytesMax = 2 ** 20;

function decode(decoder: HeaderDecoder, block: Buffer): Field[] | undefined {
  return decoder.decode(block)?.map(({ name, value }) => [name, value]);
}

let huffman: Huffman;

beforeAll(async () => {
  huffman = await huffmanOfNode();
});

const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
});

describe("a text in Huffman code", () => {
  it("may have every octet, at every place within eight bits", () => {
    for (let octet = 0; octet < 256; octet++) {
      // Five bits each: the octet begins at each bit once.
      for (let before = 0; before < 8; before++) {
        const whole = `${"a".repeat(before)}${String.fromCharCode(octet)}`;
        const code = huffman(whole);
        expect(decodeHuffman(code, 0, code.byteLength)).toBe(whole);
      }
    }
  });

  it("is read, whatever it says, in the middle of other octets", () => {
    fc.assert(
      fc.property(octets, fc.nat(3), fc.nat(3), (value, before, after) => {
        const code = huffman(value);
        const bytes = Buffer.concat([Buffer.alloc(before, 0xff), code, Buffer.alloc(after)]);
        expect(decodeHuffman(bytes, before, before + code.byteLength)).toBe(value);
      }),
    );
  });

  it("is refused, or it is the code of what was read: nothing has two", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const value = decodeHuffman(bytes, 0, bytes.byteLength);
        if (value !== undefined) expect(huffman(value)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
});

const get: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
];
const getAgain: readonly Field[] = [...get, ["cache-control", "no-cache"]];
const getIndex: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
];
const found: readonly Field[] = [
  [":status", "302"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ["location", "https://www.example.com"],
];
const moved: readonly Field[] = [[":status", "307"], ...found.slice(1)];
const ok: readonly Field[] = [
  [":status", "200"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
  ["location", "https://www.example.com"],
  ["content-encoding", "gzip"],
  ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
];
/** The answers of the examples are for a table of 256 bytes. */
const small = "3fe101";

it.each<[string, readonly (readonly [block: string, fields: readonly Field[]])[]]>([
  ["C.2.1", [["400a637573746f6d2d6b65790d637573746f6d2d686561646572", [["custom-key", "custom-header"]]]]],
  ["C.2.2", [["040c2f73616d706c652f70617468", [[":path", "/sample/path"]]]]],
  ["C.2.3", [["100870617373776f726406736563726574", [["password", "secret"]]]]],
  ["C.2.4", [["82", [[":method", "GET"]]]]],
  [
    "C.3",
    [
      ["828684410f7777772e6578616d706c652e636f6d", get],
      ["828684be58086e6f2d6361636865", getAgain],
      ["828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", getIndex],
    ],
  ],
  [
    "C.4",
    [
      ["828684418cf1e3c2e5f23a6ba0ab90f4ff", get],
      ["828684be5886a8eb10649cbf", getAgain],
      ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", getIndex],
    ],
  ],
  [
    "C.5",
    [
      [
        `${small}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
        found,
      ],
      ["4803333037c1c0bf", moved],
      [
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
        ok,
      ],
    ],
  ],
  [
    "C.6",
    [
      [
        `${small}488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
        found,
      ],
      ["4883640effc1c0bf", moved],
      [
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        ok,
      ],
    ],
  ],
])("the example %s is read", (_name, blocks) => {
  const decoder = new HeaderDecoder(listBytesMax);
  for (const [block, fields] of blocks) {
    expect(decode(decoder, Buffer.from(block, "hex"))).toEqual(fields);
  }
});

describe("the blocks of a connection", () => {
  const good = ["x-own", ":path", ":method", "cookie", "accept-charset", "te"];
  const names = fc.constantFrom(...good, "", "X-Own", ":own", "upgrade", "transfer-encoding");
  const values = fc.oneof(fc.constantFrom("GET", "/", "1", ""), octets, fc.constant("long".repeat(300)));
  const manners = fc.record<Manner & { isHuffman: boolean }>({
    form: fc.constantFrom("indexed", "added", "not added", "never indexed"),
    namesByIndex: fc.boolean(),
    isHuffman: fc.boolean(),
  });
  const fields = fc.array(fc.tuple(fc.tuple(names, values), manners), { maxLength: 12 });
  const sizes = fc.array(fc.constantFrom(0, 30, 31, 64, 200, 1_000, 4_096), { maxLength: 2 });

  it("are read and judged alike, in every way that they may be written, with what was evicted", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, fields), { maxLength: 8 }), (blocks) => {
        const writer = new HpackWriter();
        const decoder = new HeaderDecoder(listBytesMax);
        for (const [tableSizes, list] of blocks) {
          const block = [
            ...tableSizes.map((size) => writer.tableSize(size)),
            ...list.map(([field, { isHuffman, ...manner }]) =>
              writer.field(field, { ...manner, huffman: isHuffman ? huffman : undefined }),
            ),
          ];
          expect(decoder.decode(Buffer.concat(block))).toEqual(list.map(([field]) => headerField(...field)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("may have integers with zeros behind their end", () => {
    // 127 more than nothing, and the last octets add nothing to it.
    const block = Buffer.concat([
      Buffer.of(0x00, 0x01, 0x78, 0x7f, 0x80, 0x80, 0x00),
      Buffer.alloc(127, "y"),
    ]);
    expect(decode(new HeaderDecoder(listBytesMax), block)).toEqual([["x", "y".repeat(127)]]);
  });
});

/** A field that is added to the table. */
const added = new HpackWriter().field(["x-own", "1"], { form: "added", namesByIndex: false });

it.each<[string, string | Buffer]>([
  ["the index 0", "80"],
  ["an index beyond the table", "be"],
  ["an index beyond what was added", Buffer.concat([added, Buffer.of(0xbf)])],
  ["an index that was evicted", Buffer.concat([Buffer.of(0x20), added, Buffer.of(0xbe)])],
  ["a name at an index beyond the table", "7e0130"],
  ["the name of a field never indexed at an index beyond the table", "1f2f0130"],
  ["an integer without its end", "ff"],
  ["an integer without its end, that goes on", "ff80"],
  ["an integer that is too large", Buffer.concat([integer(2 ** 24 + 1, 7, 0x80)])],
  ["an integer that would be small in 32 bits", Buffer.concat([integer(2 ** 32 + 2, 7, 0x80)])],
  ["an integer of zeros without end", `0001787f${"80".repeat(20)}00${"79".repeat(127)}`],
  ["a literal without a name", "40"],
  ["a literal without a value", "400161"],
  ["a name that is cut off", "40056162"],
  ["a value that is cut off", "4001610562"],
  ["a value in Huffman code that is cut off", "4001618225"],
  ["a length beyond everything", Buffer.concat([Buffer.from("400161", "hex"), integer(2 ** 24, 7, 0)])],
  ["padding with a zero", "400161811e"],
  ["padding of zeros", "4001618118"],
  ["padding of eight bits", "400161821fff"],
  ["nothing but padding", "40016181ff"],
  ["EOS", "40016184ffffffff"],
  ["EOS behind a letter", "400161851fffffffff"],
  ["the code of no octet, cut off", "40016182ffff"],
  ["a larger table than allowed", Buffer.concat([integer(4_097, 5, 0x20)])],
  ["a size of the table behind a field", "8220"],
])("a block with %s is refused", (_name, block) => {
  const decoder = new HeaderDecoder(listBytesMax);
  const bytes = typeof block === "string" ? Buffer.from(block, "hex") : block;
  expect(() => decoder.decode(bytes)).toThrow(
    expect.objectContaining({ name: "ConnectionError", code: errorCode.compressionError }),
  );
});

it("what was evicted for a smaller table stays so, when it is larger again", () => {
  const decoder = new HeaderDecoder(listBytesMax);
  decoder.decode(added);
  const smaller = Buffer.concat([integer(0, 5, 0x20), integer(4_096, 5, 0x20)]);
  expect(() => decoder.decode(Buffer.concat([smaller, Buffer.of(0xbe)]))).toThrow("an index");
});

it("a size of the table behind a field that is too large is refused, too", () => {
  const block = Buffer.concat([plainBlock([["x", "1".repeat(100)]]), Buffer.of(0x20)]);
  expect(() => new HeaderDecoder(100).decode(block)).toThrow("the size of the header table");
});

describe("the fields of a block", () => {
  it("may be as many as fit, each with 32 bytes", () => {
    const decoder = new HeaderDecoder(100);
    const fits: readonly Field[] = [
      ["a", "1".repeat(20)],
      ["b", "2".repeat(14)],
    ];
    expect(decode(decoder, plainBlock(fits))).toEqual(fits);
    expect(
      decode(
        decoder,
        plainBlock([
          ["a", "1".repeat(20)],
          ["b", "2".repeat(15)],
        ]),
      ),
    ).toBeUndefined();
    expect(decode(decoder, plainBlock([["a", "1".repeat(68)]]))).toBeUndefined();
    expect(decode(decoder, plainBlock(fits))).toEqual(fits);
  });

  it("are added to the table, also where they are too many", () => {
    const decoder = new HeaderDecoder(40);
    expect(decode(decoder, Buffer.concat([added, added]))).toBeUndefined();
    expect(decode(decoder, Buffer.of(0xbf))).toEqual([["x-own", "1"]]);
  });

  it("count as long as they are, not as they were written", () => {
    const value = "0".repeat(1_000);
    const block = Buffer.concat([Buffer.of(0x00), text("x"), text(value, huffman)]);
    expect(block.byteLength).toBeLessThan(640);
    expect(decode(new HeaderDecoder(1_032), block)).toBeUndefined();
    expect(decode(new HeaderDecoder(1_033), block)).toEqual([["x", value]]);
  });
});

describe("a header block costs no more than its length", () => {
  afterEach(() => void jest.restoreAllMocks());

  it("however many spaces a value has inside", () => {
    const value = `a${" ".repeat(100_000)}a`;
    const begun = performance.now();
    const [field] = new HeaderDecoder(2 ** 20).decode(plainBlock([["x", value]])) ?? [];
    // A thousandth of that; ten seconds where each space is looked at for each one before it.
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(field?.content).toBe(value);
  });

  it("however many fields have the long name of another one", () => {
    const name = "n".repeat(4_000);
    const first = Buffer.concat([Buffer.of(0x40), text(name), text("")]);
    const others = Buffer.from("7e00".repeat(1_000), "hex");
    const test = jest.spyOn(RegExp.prototype, "test");
    const fields = new HeaderDecoder(2 ** 23).decode(Buffer.concat([first, others]));
    const looked = test.mock.calls.reduce((sum, [tested]) => sum + tested.length, 0);
    expect(looked).toBeLessThan(first.byteLength + others.byteLength);
    expect(fields?.filter((field) => field.name === name && field.isWellFormed)).toHaveLength(1_001);
  });
});
