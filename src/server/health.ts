import { setInterval } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.js";
import { drainSignalKey } from "./drain.ts";
import { register, type Registration } from "./registration.ts";

/**
 * grpc.health.v1. All services are ready or none is; "" stands for the server. While it shuts down,
 * the server is not ready.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthService(
  serviceNames: readonly string[],
  isReady: () => boolean,
  watchIntervalMs: number,
): Registration {
  const names = new Set(["", ...serviceNames]);

  function statusOf(service: string, context: HandlerContext): Status {
    if (!names.has(service)) return Status.SERVICE_UNKNOWN;
    return isReady() && !context.values.get(drainSignalKey).aborted ? Status.SERVING : Status.NOT_SERVING;
  }

  return register(Health, {
    check({ service }, context) {
      const status = statusOf(service, context);
      if (status === Status.SERVICE_UNKNOWN) {
        throw new ConnectError(`there is no service "${service}"`, Code.NotFound);
      }
      return { status };
    },

    list(_request, context) {
      return {
        statuses: Object.fromEntries([...names].map((name) => [name, { status: statusOf(name, context) }])),
      };
    },

    async *watch({ service }, context) {
      const drain = context.values.get(drainSignalKey);
      const signal = AbortSignal.any([context.signal, drain]);
      let told = statusOf(service, context);
      yield { status: told };
      try {
        for await (const _ of setInterval(watchIntervalMs, undefined, { signal })) {
          const status = statusOf(service, context);
          if (status !== told) yield { status };
          told = status;
        }
      } catch (reason) {
        if (!signal.aborted) throw reason;
      }
      if (drain.aborted) {
        if (told === Status.SERVING) yield { status: Status.NOT_SERVING };
        drain.throwIfAborted();
      }
      context.signal.throwIfAborted();
    },
  });
}
