import { setInterval } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.js";
import { drainSignalKey } from "./drain.ts";
import type { Limits } from "./limits.ts";
import { register, type Registration } from "./registration.ts";

/**
 * grpc.health.v1. All services are ready or none is; "" stands for the server. When it begins to shut down,
 * watches are told that it is not ready, and end.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthService(
  serviceNames: readonly string[],
  isReady: () => Promise<boolean>,
  limits: Limits,
): Registration {
  const names = new Set(["", ...serviceNames]);
  let watches = 0;

  async function statusOf(service: string): Promise<Status> {
    if (!names.has(service)) return Status.SERVICE_UNKNOWN;
    return (await isReady()) ? Status.SERVING : Status.NOT_SERVING;
  }

  return register(Health, {
    async check({ service }) {
      const status = await statusOf(service);
      if (status === Status.SERVICE_UNKNOWN) {
        throw new ConnectError(`there is no service "${service}"`, Code.NotFound);
      }
      return { status };
    },

    async list() {
      const status = await statusOf("");
      return { statuses: Object.fromEntries([...names].map((name) => [name, { status }])) };
    },

    async *watch({ service }, context) {
      // A client has one connection and watches once. Anybody may, so there has to be a bound.
      if (watches >= limits.connectionsMax) {
        throw new ConnectError("too many watch the health of this server", Code.ResourceExhausted);
      }
      const drain = context.values.get(drainSignalKey);
      const signal = AbortSignal.any([context.signal, drain]);
      watches += 1;
      let told: Status | undefined;
      try {
        told = await statusOf(service);
        yield { status: told };
        for await (const _ of setInterval(limits.healthWatchIntervalMs, undefined, { signal })) {
          const status = await statusOf(service);
          if (status !== told) yield { status };
          told = status;
        }
      } catch (reason) {
        if (!signal.aborted) throw reason;
      } finally {
        watches -= 1;
      }
      if (drain.aborted) {
        if (told === Status.SERVING) yield { status: Status.NOT_SERVING };
        drain.throwIfAborted();
      }
      context.signal.throwIfAborted();
    },
  });
}
