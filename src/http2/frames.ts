/** What frames are made of (RFC 9113 sections 4 and 6). */

export const frameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flag = {
  none: 0x0,
  endStream: 0x1,
  /** Of SETTINGS and PING. */
  acknowledge: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Section 7. */
export const errorCode = {
  noError: 0x0,
  protocolError: 0x1,
  flowControlError: 0x3,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  enhanceYourCalm: 0xb,
} as const;

export type ErrorCode = (typeof errorCode)[keyof typeof errorCode];

/** Section 6.5.2. */
export const setting = {
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export const frameHeaderBytes = 9;
/** The payload of a frame, as long as neither side has asked for more. */
export const payloadBytesMax = 16_384;
/** Of a stream and of a connection, to begin with. */
export const initialWindowBytes = 65_535;
export const windowBytesMax = 2 ** 31 - 1;
export const streamIdMax = 2 ** 31 - 1;

/** The connection cannot go on: the client broke a rule that both sides rely on (section 5.4.1). */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The payload of a frame that has none. */
export const noBytes = new Uint8Array();
