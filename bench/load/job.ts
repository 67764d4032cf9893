/** What the load program is asked for, and what it answers. */

export const methods = ["SetPhone", "VerifyPhone", "GetMyPhone"] as const;
export type Method = (typeof methods)[number];

export type WireProtocol = "gRPC" | "Connect JSON" | "REST JSON";

export interface Job {
  /** Which server it is. VerifyPhone uses the codes that the last SetPhone job on the same one brought. */
  readonly server: string;
  readonly port: number;
  readonly protocol: WireProtocol;
  readonly method: Method;
  /** How many the server has. */
  readonly users: number;
  readonly draw: Draw;
  readonly pace: Pace;
  /** Calls in flight over gRPC, a multiple of the connections; as many as keep a server busy if it is left out. */
  readonly callers?: number;
  /** At most; VerifyPhone ends when it has no more codes. */
  readonly seconds: number;
}

/** Which users call: all alike, or one in a hundred makes 90 % of the calls. */
export type Draw = "alike" | "hot";

/** As fast as the server answers, or at a fixed rate, whether it answers or not. */
export type Pace = "saturated" | { readonly callsPerSecond: number };

export interface Outcome {
  readonly callsPerSecond: number;
  /** All of them, those after the time was up included. */
  readonly calls: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  /** From the moment when a call was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of a core that the load itself took; 0 at a fixed rate, where it looks at the clock all the time. */
  readonly busy: number;
}
