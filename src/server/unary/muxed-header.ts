import { trailerMux } from "@connectrpc/connect/protocol-connect";
import type { UnaryCall } from "./call.ts";

/** What the handler set, where trailers stand in the header, with a prefix; undefined if it set nothing. */
export function muxedHeader({ setHeader, setTrailer }: UnaryCall): Headers | undefined {
  return setTrailer === undefined ? setHeader : trailerMux(setHeader ?? new Headers(), setTrailer);
}
