import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  type HandlerContext,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { Deadline } from "../../lib/deadline.ts";
import { drainSignalKey, type Drain } from "../drain.ts";
import type { Limits } from "../limits.ts";
import type { Exchange } from "../exchange.ts";
import { LazyHeaders } from "../lazy-headers.ts";

/** What all calls share. */
export interface CallEnvironment {
  readonly drain: Drain;
  readonly limits: Pick<Limits, "callTimeoutMs">;
}

export interface CallOptions {
  readonly method: DescMethodUnary;
  readonly protocolName: string;
  readonly exchange: Exchange;
  /** The deadline that the client asked for. */
  readonly timeoutMs: number | undefined;
  readonly environment: CallEnvironment;
}

/**
 * The context of a unary call, as Connect's `createHandlerContext` makes it, but each part only once somebody
 * asks for it. Most handlers ask for a value or two.
 */
export class UnaryCall implements HandlerContext {
  readonly method: DescMethodUnary;
  readonly protocolName: string;
  readonly exchange: Exchange;
  readonly values: ContextValues;
  readonly #environment: CallEnvironment;
  readonly #deadline: Deadline | undefined;
  readonly requestHeader: Headers;
  readonly responseHeader = new LazyHeaders();
  readonly responseTrailer = new LazyHeaders();
  #signal: CallSignal | undefined;
  /** What was handed to the interceptors, and what they were given back: they may pass on others instead. */
  request: UnaryRequest | undefined;
  response: UnaryResponse | undefined;

  constructor({ method, protocolName, exchange, timeoutMs, environment }: CallOptions) {
    this.method = method;
    this.protocolName = protocolName;
    this.exchange = exchange;
    this.requestHeader = new LazyHeaders(exchange.headers);
    this.#environment = environment;
    this.#deadline = timeoutMs === undefined ? undefined : new Deadline(timeoutMs);
    this.values = new CallValues(this, environment.drain.drainSignal);
  }

  get service(): DescService {
    return this.method.parent;
  }

  get requestMethod(): string {
    return this.exchange.method;
  }

  get url(): string {
    return this.exchange.url;
  }

  /** What was set of the header of the answer; undefined if nothing was. */
  get setHeader(): Headers | undefined {
    return this.responseHeader.filled;
  }

  get setTrailer(): Headers | undefined {
    return this.responseTrailer.filled;
  }

  get timeoutMs(): () => number | undefined {
    return () => this.#deadline?.remainingMs;
  }

  /** Aborted when the deadline is over, the client has gone, or the server's time is up. */
  get signal(): AbortSignal {
    this.#signal ??= new CallSignal(this.exchange, this.#environment, this.#deadline?.remainingMs);
    return this.#signal.signal;
  }

  /** The answer is on its way: nothing aborts the signal any more. */
  finish(): void {
    this.#signal?.release();
  }

  /** It is refused: what may still be done for it, as behind a deadline, is told so. */
  abort(reason: unknown): void {
    this.#signal?.abort(reason);
  }
}

class CallSignal {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #exchange: Exchange;
  readonly #shutdownSignal: AbortSignal;

  constructor(exchange: Exchange, environment: CallEnvironment, timeLeftMs: number | undefined) {
    this.#exchange = exchange;
    this.#shutdownSignal = environment.drain.shutdownSignal;
    const timeoutMs = Math.max(0, Math.min(timeLeftMs ?? Infinity, environment.limits.callTimeoutMs));
    this.#timer = setTimeout(this.#onTimeout, timeoutMs);
    if (exchange.isGone) this.#onGone();
    else exchange.onClose(this.#onGone);
    if (this.#shutdownSignal.aborted) this.#onShutdown();
    else this.#shutdownSignal.addEventListener("abort", this.#onShutdown);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#exchange.offClose(this.#onGone);
    this.#shutdownSignal.removeEventListener("abort", this.#onShutdown);
  }

  readonly #onTimeout = (): void =>
    this.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  readonly #onGone = (): void => this.abort(new ConnectError("the client has gone", Code.Canceled));
  readonly #onShutdown = (): void => this.abort(this.#shutdownSignal.reason);

  abort(reason: unknown): void {
    this.release();
    this.#controller.abort(reason);
  }
}

/** The call that a request belongs to: interceptors pass its context values on. */
export function callOf(values: ContextValues): UnaryCall {
  if (values instanceof CallValues) return values.call;
  throw new Error("an interceptor put other context values in the place of the call's");
}

/** Connect's `createContextValues`. A call has three or four values: looking through them beats a map. */
class CallValues implements ContextValues {
  readonly call: UnaryCall;
  readonly #drainSignal: AbortSignal;
  readonly #ids: symbol[] = [];
  readonly #values: unknown[] = [];

  constructor(call: UnaryCall, drainSignal: AbortSignal) {
    this.call = call;
    this.#drainSignal = drainSignal;
  }

  get<T>(key: ContextKey<T>): T {
    const index = this.#ids.indexOf(key.id);
    if (index !== -1) return this.#values[index] as T; // `set` put it there for this key
    return key.id === drainSignalKey.id ? (this.#drainSignal as T) : key.defaultValue; // the key of a signal
  }

  set<T>(key: ContextKey<T>, value: T): this {
    const index = this.#ids.indexOf(key.id);
    if (index === -1) {
      this.#ids.push(key.id);
      this.#values.push(value);
    } else this.#values[index] = value;
    return this;
  }

  delete(key: ContextKey<unknown>): this {
    const index = this.#ids.indexOf(key.id);
    if (index !== -1) {
      this.#ids.splice(index, 1);
      this.#values.splice(index, 1);
    }
    return this;
  }
}
