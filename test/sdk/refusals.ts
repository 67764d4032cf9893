import type { DescMethod, DescService, MessageInitShape } from "@bufbuild/protobuf";
import type { Code, Transport } from "@connectrpc/connect";
import { createClientFor } from "@zitadel/client";

/** A service of the server, and a call of each of its RPCs that is refused. */
export interface ServiceRefusals {
  /** Full name. */
  readonly service: string;
  /** Names of its RPCs, e.g. "setPhone". */
  readonly served: readonly string[];
  /** Names of the RPCs that only the package has. */
  readonly unserved: readonly string[];
  readonly calls: readonly RefusedCall[];
  /** The RPCs that no call makes fail, with the reason. */
  readonly never: Readonly<Record<string, string>>;
  /** Calls an RPC with the client of the package. */
  clientOver(transport: Transport): (method: string, input: unknown) => Promise<unknown>;
}

export interface RefusedCall {
  /** E.g. "setPhone". */
  readonly method: string;
  readonly input: unknown;
  readonly caller: Caller;
  readonly code: Code;
  /** Of the ErrorDetail. */
  readonly id: string;
}

/** Those whom the calls are about. */
export const people = {
  withoutPhone: { id: "without-phone", number: undefined, isVerified: false },
  pending: { id: "pending", number: "+41791000001", isVerified: false },
  verified: { id: "verified", number: "+41791000002", isVerified: true },
  enrolled: { id: "enrolled", number: "+41791000003", isVerified: true },
  inactive: { id: "inactive", number: undefined, isVerified: false },
} as const;

/** Of the people, those who have a token. */
export const callers = ["withoutPhone", "pending", "verified", "enrolled"] as const;

/** A stranger has a token that nobody holds. Of all others, only the administrator has any role. */
export type Caller = "administrator" | "stranger" | (typeof callers)[number];

/** What is in force in the instance, and what the organization of all of them sets for itself. */
export const lockout = { maxPasswordAttempts: 5, maxOtpAttempts: 50 };

/** More than a list gives at once. */
export const tooLarge = { limit: 100_000 };

/** What is refused, with which code and id; the administrator calls unless somebody else is named. */
type Row<Input> = readonly [code: Code, id: string, input: Input, caller?: Caller];

type Table<Served extends DescService, Known extends DescService> = {
  readonly [M in keyof Served["method"] & keyof Known["method"]]?: Known["method"][M] extends DescMethod
    ? Row<MessageInitShape<Known["method"][M]["input"]>>
    : never;
};

/**
 * @param service as the server has it
 * @param known the same as the package has it
 * @param never the RPCs that no call makes fail, with the reason
 */
export function refusalsOf<Served extends DescService, Known extends DescService>(
  service: Served,
  known: Known,
  table: Table<Served, Known>,
  never: Readonly<Record<string, string>> = {},
): ServiceRefusals {
  const served = service.methods.map(({ localName }) => localName);
  return {
    service: service.typeName,
    served,
    unserved: known.methods.map(({ localName }) => localName).filter((name) => !served.includes(name)),
    calls: Object.entries<Row<unknown> | undefined>(table).flatMap(([method, row]) => {
      if (row === undefined) return [];
      const [code, id, input, caller = "administrator"] = row;
      return { method, input, caller, code, id };
    }),
    never,
    clientOver(transport) {
      const client = createClientFor(known)(transport);
      return async (method, input) => {
        const call: unknown = Reflect.get(client, method);
        if (typeof call !== "function") throw new Error(`the package has no ${method}`);
        return call(input);
      };
    },
  };
}
