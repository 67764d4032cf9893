import type { CodeMac, CodePurpose, ProviderCheck, ProviderQuestion } from "./codes.ts";
import type { DomainError } from "./errors.ts";
import type { Policy } from "./policy.ts";
import type { UserEvent } from "./user-events.ts";

/** What a decider decides from besides state and command: all that is not pure comes in here, as data. */
export interface Facts {
  readonly nowMs: number;
  readonly policy: Policy;
  /** Keyed and deterministic. */
  readonly mac: CodeMac;
  /** Where the code for a number (E.164) comes from; from us if left out. */
  readonly sourceOf?: SourceOf | undefined;
  /** What a provider said of the code that is to be checked. */
  readonly providerCheck?: ProviderCheck | undefined;
}

export type SourceOf = (number: string) => CodeSource;

/** Who makes the code of a message. */
export type CodeSource =
  | { readonly kind: "us" }
  | { readonly kind: "provider"; readonly providerId: string }
  /** Nobody needs to: no provider would be asked to send it. */
  | { readonly kind: "nobody" };

export const us: CodeSource = { kind: "us" };

/** What happens because of a command. No event means that nothing changes. */
export interface Decision<E = UserEvent> {
  readonly events: readonly E[];
  /** The command is refused, yet its events (a failed try) are recorded first. */
  readonly refusal?: DomainError;
  /** Nothing is decided before the provider that made the code has answered this. */
  readonly question?: ProviderQuestion;
  /** The code that the events speak of, where one was made. */
  readonly code?: IssuedCode;
}

/** A code together with what it proves. */
export interface IssuedCode {
  readonly challengeId: string;
  /** Empty if a provider makes it. */
  readonly plain: string;
  readonly purpose: CodePurpose;
  /** E.164. */
  readonly number: string;
  readonly expiresMs: number | null;
  /** True if the caller gets it; false if it goes out by SMS. */
  readonly returned: boolean;
}

/** How a number is to be verified. */
export type Verification = "send_code" | "return_code" | "is_verified";
