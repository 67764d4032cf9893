import { HeaderDecoder } from "../../src/http2/header-decoder.ts";
import { flags, type Frame, type Http2Frames, types } from "./http2-frames.ts";

export interface Http2Answer {
  readonly status: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>> | undefined;
  /** The code, if the stream was reset. */
  readonly reset: number | undefined;
}

/** Resolves when the server has answered or reset a stream. */
export async function answerTo(connection: Http2Frames, stream: number): Promise<Http2Answer> {
  await connection.find((all) => all.find((each) => each.stream === stream && isEnd(each)));
  const frames = connection.frames.filter((each) => each.stream === stream);
  const blocks = frames.filter(({ type }) => type === types.headers).map(fieldsIn);
  const [head, trailers] = blocks.filter((fields) => fields[":status"] !== "100");
  const { ":status": status, ...headers } = head ?? {};
  const reset = frames.find(({ type }) => type === types.resetStream)?.payload.readUInt32BE();
  return { status, headers, body: bodyOf(frames, stream).toString(), trailers, reset };
}

export function isEnd({ type, flags: flag }: Frame): boolean {
  if (type === types.resetStream) return true;
  return (type === types.data || type === types.headers) && (flag & flags.endStream) !== 0;
}

/** What has come of it. */
export function bodyOf(frames: readonly Frame[], stream: number): Buffer {
  const parts = frames.filter((each) => each.type === types.data && each.stream === stream);
  return Buffer.concat(parts.map(({ payload }) => payload));
}

/** The server uses no table, so that each block stands for itself. */
export function fieldsIn({ payload }: Frame): Readonly<Record<string, string>> {
  const fields = new HeaderDecoder(2 ** 20).decode(payload) ?? [];
  return Object.fromEntries(fields.map(({ name, value }) => [name, value]));
}

export function get(path: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ":method": "GET", ":scheme": "http", ":authority": "localhost", ":path": path, ...more };
}

/** `SetPhone` of the echo server, as REST, whose body is JSON: `{ "phone": … }`. */
export function setPhone(user: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...get(`/v2/users/${user}/phone`), ":method": "POST", ...more };
}

export function phone(value: string): Buffer {
  return Buffer.from(JSON.stringify({ phone: value }));
}
