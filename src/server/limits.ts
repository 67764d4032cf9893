/** The bounds of everything a client can make the server hold, read or wait for. */
export interface Limits {
  /** A message, and a request body, after decompression. */
  readonly messageBytesMax: number;
  /** All headers of a request together. */
  readonly headerBytesMax: number;
  /** Open at a time; as many watches of health at a time, too. */
  readonly connectionsMax: number;
  /** HTTP/2 streams that one connection may have open at a time. */
  readonly streamsPerConnectionMax: number;
  /** From the connection (or the start of TLS) until it is clear which protocol the client speaks. */
  readonly handshakeTimeoutMs: number;
  /** From the first byte of an HTTP/1.1 request until its headers are complete. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request until its body is complete. Requests that are streams are exempt on HTTP/2. */
  readonly requestTimeoutMs: number;
  /** The longest deadline that a client may ask for; a longer one is refused. */
  readonly deadlineMsMax: number;
  /** After this long the signal of a unary call is aborted, whatever deadline the client asks for. */
  readonly callTimeoutMs: number;
  /** How long an HTTP/1.1 connection may wait for its next request. */
  readonly http1IdleTimeoutMs: number;
  /** At a stop, how long an HTTP/1.1 connection without a request is kept for one that is on its way. */
  readonly http1LastRequestMs: number;
  /** For how long an HTTP/1.1 client may take nothing of what waits to be sent to it. */
  readonly http1WriteTimeoutMs: number;
  /** How long an HTTP/2 client may take to take an answer. */
  readonly http2AnswerTimeoutMs: number;
  /** How long an HTTP/2 connection may be without a new request, unless a stream of messages is open. */
  readonly http2IdleTimeoutMs: number;
  /** How often an HTTP/2 client is asked whether it is there; it has as long to answer. At least `callTimeoutMs`. */
  readonly http2KeepAliveMs: number;
  /** What an HTTP/2 client may ask in vain in half a minute (see `Patience`). */
  readonly http2InVainMax: number;
  /** TCP keep-alive probes start after this; they find peers that are gone. */
  readonly tcpKeepAliveMs: number;
  /** For how long it holds that the server is ready, once it was found to be. */
  readonly readinessHoldsMs: number;
  /** How often a health watch looks whether the server is still ready. */
  readonly healthWatchIntervalMs: number;
  /** Streams of reflection at a time: an answer is a hundred times as long as the question, and anybody may ask. */
  readonly reflectionStreamsMax: number;
  /** How long a browser may remember the answer to a CORS preflight. */
  readonly corsMaxAgeMs: number;
}

export const defaultLimits: Limits = {
  messageBytesMax: 1024 * 1024,
  headerBytesMax: 16 * 1024,
  connectionsMax: 10_000,
  streamsPerConnectionMax: 256,
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  // What a timer of Node.js can hold; 24 days.
  deadlineMsMax: 2 ** 31 - 1,
  callTimeoutMs: 90_000,
  // Longer than the 60 s after which common load balancers drop an idle connection: they must be first.
  http1IdleTimeoutMs: 75_000,
  http1LastRequestMs: 1_000,
  http1WriteTimeoutMs: 60_000,
  http2AnswerTimeoutMs: 60_000,
  http2IdleTimeoutMs: 300_000,
  http2KeepAliveMs: 90_000,
  http2InVainMax: 1_000,
  tcpKeepAliveMs: 60_000,
  readinessHoldsMs: 100,
  healthWatchIntervalMs: 1_000,
  reflectionStreamsMax: 100,
  corsMaxAgeMs: 7_200_000,
};
