import type { DescService } from "@bufbuild/protobuf";
import {
  createServiceImplSpec,
  type ConnectRouter,
  type ServiceImpl,
  type ServiceImplSpec,
} from "@connectrpc/connect";

/** A service together with what answers its calls. Made by `register`, which checks that they fit. */
export interface Registration {
  readonly service: DescService;
  readonly spec: ServiceImplSpec;
  readonly addTo: (router: ConnectRouter) => void;
}

/** @param implementation methods that it leaves out answer Unimplemented. */
export function register<S extends DescService>(
  service: S,
  implementation: Partial<ServiceImpl<S>>,
): Registration {
  return {
    service,
    spec: createServiceImplSpec(service, implementation),
    addTo: (router) => void router.service(service, implementation),
  };
}
