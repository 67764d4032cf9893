import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { quantile } from "../statistics.ts";
import type { Callers } from "./callers.ts";
import type { Call, Connection, Listener } from "./connection.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http2Connection } from "./http2-connection.ts";
import type { Job, Outcome } from "./job.ts";
import { connectJsonRequests, grpcRequests, restRequests } from "./requests.ts";

const http2Connections = 8;
const http1Connections = 64;
/** Calls in flight on one HTTP/2 connection: to keep a server busy, and to wait for a slow one at a fixed rate. */
const streamsSaturated = 32;
const streamsAtRate = 96;
/** The longest wait for an answer, when the time is up. */
const lastAnswersMs = 10_000;

/** Calls a server as the job says, and waits for every answer. */
export async function runJob(job: Job, callers: Callers): Promise<Outcome> {
  const run = new Run(job, callers);
  const connections = await openConnections(job, run);
  const outcome = await run.measure(connections);
  for (const connection of connections) connection.close();
  return outcome;
}

async function openConnections(job: Job, listener: Listener): Promise<readonly Connection[]> {
  const { port, protocol, method, callers } = job;
  if (protocol === "gRPC") {
    const requests = grpcRequests(method, port);
    const busy = job.pace === "saturated" ? streamsSaturated : streamsAtRate;
    const streams = callers === undefined ? busy : callers / http2Connections;
    const sockets = await openSockets(http2Connections, port);
    return sockets.map((socket) => new Http2Connection(socket, requests, listener, streams));
  }
  const text = protocol === "REST JSON" ? restRequests(method, port) : connectJsonRequests(method, port);
  const sockets = await openSockets(http1Connections, port);
  return sockets.map((socket) => new Http1Connection(socket, text, listener));
}

function openSockets(count: number, port: number): Promise<readonly Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      socket.on("error", () => {}); // "close" follows
      return socket;
    }),
  );
}

class Run implements Listener {
  readonly #callers: Callers;
  /** Between two calls that are due; undefined if as many as possible are. */
  readonly #intervalMs: number | undefined;
  readonly #durationMs: number;
  readonly #latenciesMs: number[] = [];
  readonly #done = Promise.withResolvers<void>();
  #beginMs = 0;
  #endMs: number | undefined;
  #answersInTime = 0;
  #begun = 0;
  #inFlight = 0;
  #errors = 0;
  #firstError: string | undefined;

  constructor({ pace, seconds }: Job, callers: Callers) {
    this.#callers = callers;
    this.#intervalMs = pace === "saturated" ? undefined : 1_000 / pace.callsPerSecond;
    this.#durationMs = seconds * 1_000;
  }

  async measure(connections: readonly Connection[]): Promise<Outcome> {
    const cpuBefore = process.cpuUsage();
    this.#beginMs = performance.now();
    const timeUp = setTimeout(() => this.#end(), this.#durationMs);
    if (this.#intervalMs === undefined) for (const connection of connections) this.onRead(connection);
    else this.#keepPace(connections);
    await this.#done.promise;
    clearTimeout(timeUp);
    const { user, system } = process.cpuUsage(cpuBefore);
    const wallMs = performance.now() - this.#beginMs;
    const latencies = this.#latenciesMs;
    return {
      callsPerSecond: (this.#answersInTime * 1_000) / ((this.#endMs ?? NaN) - this.#beginMs),
      calls: latencies.length,
      errors: this.#errors,
      firstError: this.#firstError,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      busy: this.#intervalMs === undefined ? (user + system) / 1_000 / wallMs : 0,
    };
  }

  onAnswer(call: Call, code: string | undefined): void {
    this.#callers.answered(call, code);
    this.#latenciesMs.push(performance.now() - call.dueMs);
    if (this.#endMs === undefined) this.#answersInTime += 1;
    this.#settle();
  }

  onError(call: Call, error: string): void {
    this.#callers.answered(call, undefined);
    this.#errors += 1;
    this.#firstError ??= error;
    this.#settle();
  }

  onRead(connection: Connection): void {
    while (connection.room > 0) {
      const call = this.#next();
      if (call === undefined) break;
      connection.send(call);
    }
    connection.flush();
  }

  onClose(): void {
    if (this.#endMs !== undefined && this.#inFlight === 0) return;
    this.#errors += 1;
    this.#firstError ??= "the server closed a connection";
    this.#end();
    this.#done.resolve();
  }

  /** Begins each call when it is due, by looking all the time: a timer would be late by up to a millisecond. */
  #keepPace(connections: readonly Connection[]): void {
    if (this.#endMs !== undefined) return;
    // Each gets one at a time, so that none has to wait behind others while there is a free connection.
    const first = this.#begun;
    for (let turn = 0; turn < connections.length; turn += 1) {
      const connection = connections[(first + turn) % connections.length];
      if (connection === undefined || connection.room === 0) continue;
      const call = this.#next();
      if (call === undefined) break;
      connection.send(call);
      connection.flush();
    }
    setImmediate(() => this.#keepPace(connections));
  }

  #next(): Call | undefined {
    if (this.#endMs !== undefined) return undefined;
    const nowMs = performance.now();
    const dueMs = this.#intervalMs === undefined ? nowMs : this.#beginMs + this.#begun * this.#intervalMs;
    if (dueMs > nowMs) return undefined;
    const call = this.#callers.next(dueMs);
    if (call === undefined) {
      this.#end();
      return undefined;
    }
    this.#begun += 1;
    this.#inFlight += 1;
    return call;
  }

  #settle(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0 && this.#endMs !== undefined) this.#done.resolve();
  }

  /** No more calls begin; what is in flight is waited for. */
  #end(): void {
    if (this.#endMs !== undefined) return;
    this.#endMs = performance.now();
    if (this.#inFlight === 0) this.#done.resolve();
    const timer = setTimeout(() => {
      this.#errors += this.#inFlight;
      this.#firstError ??= `no answer ${lastAnswersMs / 1_000} s after the last call`;
      this.#done.resolve();
    }, lastAnswersMs);
    void this.#done.promise.then(() => clearTimeout(timer));
  }
}
