import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import { Lru } from "../lib/lru.ts";

/** Both directions, of every protocol. */
export const acceptedCompressions = [compressionGzip, compressionBrotli];

/** Less than this is not worth compressing; Connect's default. */
export const compressBytesMin = 1024;

const negotiated = new Lru<string, Compression | null>(100);

/** What an answer may be compressed with. @param accepted value of the header, e.g. `accept-encoding` */
export function answerCompression(accepted: string | string[] | undefined): Compression | null {
  if (typeof accepted !== "string") return null;
  return negotiated.getOrInsertComputed(
    accepted,
    () => compressionNegotiate(acceptedCompressions, null, accepted, "").response,
  );
}
