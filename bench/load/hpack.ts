import { integer, text } from "../../src/http2/header-encoder.ts";

/** Header blocks of requests (HPACK, RFC 7541), a byte a character. */
export interface HeaderBlocks {
  /** @param isFirst whether it is the first block on its connection */
  blockOf(isFirst: boolean, token: string): string;
}

/** A header by the index of its name in the static table (appendix A), or by its name. */
type Header = readonly [name: number | string, value: string];

const staticName = { authority: 1, path: 4, authorization: 23, contentType: 31, userAgent: 58 } as const;
const methodPost = 0x83;
const schemeHttp = 0x86;
/** The newest entry of the dynamic table (section 2.3.3). */
const dynamicFirst = 62;

/**
 * "grpc-status" as servers write it where they keep no header table, after its length: as it is, or, as nghttp2 does,
 * in Huffman code, which is shorter (section 5.2, appendix B). The value, a number, all of them write as it is.
 */
const grpcStatusNames = [Buffer.from("\x0bgrpc-status"), Buffer.from("889acac8b21234da8f", "hex")];
const grpcStatusZeros = grpcStatusNames.map((name) => Buffer.concat([name, Buffer.from("\x010")]));

export function isOk(trailers: Buffer): boolean {
  return grpcStatusZeros.some((field) => trailers.includes(field));
}

/** @returns e.g. "grpc-status 13" */
export function describeStatus(trailers: Buffer): string {
  for (const name of grpcStatusNames) {
    const at = trailers.indexOf(name);
    if (at < 0) continue;
    const lengthAt = at + name.length;
    const length = trailers[lengthAt] ?? 0;
    return `grpc-status ${trailers.toString("latin1", lengthAt + 1, lengthAt + 1 + length)}`;
  }
  return "no grpc-status";
}

/**
 * Like any client, each connection sends what stays the same once, and then refers to it.
 * @param token undefined if each call has its own
 */
export function grpcHeaders(path: string, port: number, token: string | undefined): HeaderBlocks {
  const headers: Header[] = [
    [staticName.path, path],
    [staticName.authority, `127.0.0.1:${port}`],
    ["te", "trailers"],
    [staticName.contentType, "application/grpc"],
    [staticName.userAgent, "bench"],
    ...(token === undefined ? [] : [[staticName.authorization, `Bearer ${token}`] as const]),
  ];
  const start = String.fromCharCode(methodPost, schemeHttp);
  const first = start + headers.map((header) => literal(header, 0x40, 6)).join("");
  const further =
    start + headers.map((_, index) => integer(dynamicFirst + headers.length - 1 - index, 7, 0x80)).join("");
  if (token !== undefined) return { blockOf: (isFirst) => (isFirst ? first : further) };
  const ends = new Map<string, string>();
  return {
    blockOf(isFirst, own) {
      let end = ends.get(own);
      if (end === undefined) {
        end = literal([staticName.authorization, `Bearer ${own}`], 0x00, 4);
        ends.set(own, end);
      }
      return (isFirst ? first : further) + end;
    },
  };
}

/** Section 6.2: `pattern` says whether it goes into the dynamic table, the rest of the byte is the name. */
function literal([name, value]: Header, pattern: number, prefixBits: number): string {
  return typeof name === "number"
    ? integer(name, prefixBits, pattern) + text(value)
    : String.fromCharCode(pattern) + text(name) + text(value);
}
