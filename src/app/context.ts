import type { Decision, Facts } from "../domain/decision.ts";
import type { Policy } from "../domain/policy.ts";
import type { UserState } from "../domain/user-state.ts";
import type { Clock } from "../lib/clock.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import type { RandomBytes } from "../lib/random.ts";
import type { CodeVault } from "./code-vault.ts";
import { type Details, detailsOf } from "./details.ts";
import type { CodeProviders } from "./sms-port.ts";
import type { SessionRepository } from "./session-kind.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store-port.ts";
import type { UserRepository } from "./user-kind.ts";

/** What every use case works with. */
export interface AppContext {
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly settings: Settings;
  /** For lists and keys, and for what changes several aggregates at once. */
  readonly store: Store;
  readonly vault: CodeVault;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Every role that a user may have. */
  readonly knownRoles: readonly string[];
  readonly codeProviders: CodeProviders;
  /** Whether a webhook may use http. */
  readonly allowPrivateSms: boolean;
  /** Told when a message was written to the outbox. */
  readonly onMessage: () => void;
}

/** Whom a call is about. */
export interface UserRef {
  readonly userId: string;
  /** If set, a user of another organization is not found. */
  readonly organizationId?: string | undefined;
}

/** Undefined also for a user whom the call cannot see. */
export function visible(state: UserState | undefined, { organizationId }: UserRef): UserState | undefined {
  return organizationId === undefined || state?.resourceOwner === organizationId ? state : undefined;
}

/**
 * Carries out a decision about a user that makes no code, and checks none.
 *
 * @param decide gets the user only if the call can see it
 */
export async function changeUser(
  app: AppContext,
  ref: UserRef,
  decide: (state: UserState | undefined) => Decision,
): Promise<Details> {
  return detailsOf(await app.users.execute(ref.userId, (state) => decide(visible(state, ref))));
}

/** The rules in force for a user. */
export function policyFor(app: AppContext, { userId }: UserRef): MaybePromise<Policy> {
  return chain(app.users.find(userId), (found) => app.settings.policy(found?.state.resourceOwner ?? ""));
}

export function factsOf(
  app: AppContext,
  policy: Policy,
  nowMs: number,
  { sourceOf, providerCheck }: Pick<Facts, "sourceOf" | "providerCheck">,
): Facts {
  return { nowMs, policy, mac: app.vault, sourceOf, providerCheck };
}
