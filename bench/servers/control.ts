import { monitorEventLoopDelay } from "node:perf_hooks";
import { answerRequests } from "../programs.ts";

/** Where a server listens; the same port where one serves both. */
export interface Ports {
  readonly http1: number;
  readonly http2: number;
}

/** A phase is what lies between these two. */
export interface ControlRequest {
  readonly phase: "begins" | "ends";
}

/** What a phase cost the server. */
export interface Reading {
  /** Of all its threads. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  readonly loopDelayP99Ms: number;
}

/** Every delay is counted on top of this, which is the period of the timer that measures it. */
const resolutionMs = 1;

/** Tells the parent the ports, and what each phase costs. */
export function reportTo(ports: Ports, close: () => Promise<void> = async () => {}): void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  let cpuBefore = process.cpuUsage();
  answerRequests(
    ports,
    async ({ phase }: ControlRequest): Promise<Reading> => {
      if (phase === "begins") {
        delay.reset();
        delay.enable();
        cpuBefore = process.cpuUsage();
      }
      const { user, system } = process.cpuUsage(cpuBefore);
      if (phase === "ends") delay.disable();
      return {
        cpuMicros: user + system,
        rssBytes: process.memoryUsage.rss(),
        loopDelayP99Ms: delay.percentile(99) / 1e6,
      };
    },
    close,
  );
}
