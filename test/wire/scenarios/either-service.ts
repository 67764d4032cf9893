import type { DescMethodUnary } from "@bufbuild/protobuf";

interface Service {
  readonly method: object;
}

/**
 * The methods of two services that are the same under two names. Rows about them are written once: what they
 * take and give is that of either.
 */
export type EitherService<A extends Service, B extends Service> = {
  readonly [M in keyof A["method"] & keyof B["method"]]: EitherMethod<A["method"][M], B["method"][M]>;
};

type EitherMethod<A, B> =
  A extends DescMethodUnary<infer I, infer O>
    ? B extends DescMethodUnary<infer J, infer P>
      ? DescMethodUnary<I | J, O | P>
      : never
    : never;
