import { type CodeGenerator, drawCode, type NewCode } from "../domain/codes.ts";
import type { Decision, Facts, IssuedCode } from "../domain/decision.ts";
import { DomainError, type Refusal, refusal } from "../domain/errors.ts";
import type { Policy } from "../domain/policy.ts";
import { smsText } from "../domain/sms-text.ts";
import type { Clock } from "../lib/clock.ts";
import { newUuid } from "../lib/id.ts";
import type { RandomBytes } from "../lib/random.ts";
import type { CodeVault } from "./code-vault.ts";
import type { Caller, Permission } from "./ports.ts";
import type { Extras, LoadedUser, UserRepository } from "./user-repository.ts";

/** What every use case works with. */
export interface AppContext {
  readonly users: UserRepository;
  readonly vault: CodeVault;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Every role that a user may have. */
  readonly knownRoles: readonly string[];
  /** Told when a message was written to the outbox. */
  readonly onMessage: () => void;
}

/** Where an object stands in its history; the wire's `details`. */
export interface Details {
  readonly sequence: number;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly resourceOwner: string;
}

export function detailsOf({ sequence, user }: LoadedUser): Details {
  const { createdMs, changedMs, resourceOwner } = user;
  return { sequence, createdMs, changedMs, resourceOwner };
}

export function factsOf(app: AppContext, nowMs: number): Facts {
  return { nowMs, policy: app.policy, mac: app.vault };
}

export function newCode(app: AppContext, generator: CodeGenerator): NewCode {
  return {
    challengeId: newUuid(app.clock.nowMs(), app.randomBytes),
    plain: drawCode(generator, app.randomBytes),
  };
}

/**
 * Carries out a decision about a user. A code that the caller does not get goes to the outbox, in the same
 * transaction as its events.
 */
export async function execute<D extends Decision>(
  app: AppContext,
  userId: string,
  decide: Parameters<typeof app.users.execute<D>>[1],
): Promise<LoadedUser & { readonly decision: D }> {
  const done = await app.users.execute(userId, decide, (decision, nowMs) =>
    messageOf(app, userId, decision, nowMs),
  );
  if (done.decision.code?.returned === false) app.onMessage();
  return done;
}

function messageOf(app: AppContext, userId: string, { code }: Decision, nowMs: number): Extras {
  if (code === undefined || code.returned) return {};
  const { challengeId: id, purpose, number: recipient, expiresMs } = code;
  const text = smsText(purpose, code.plain, expiresMs === null ? null : expiresMs - nowMs);
  const sealed = app.vault.seal(id, JSON.stringify({ text, code: code.plain }));
  return {
    message: { id, userId, purpose, recipient, createdMs: nowMs, expiresMs, sealed },
    messagePauseMs: app.policy.messagePauseMs,
  };
}

/** The code for the caller, if the caller asked for it. */
export function returnedCode(code: IssuedCode | undefined): string | undefined {
  return code?.returned === true ? code.plain : undefined;
}

const denied: Refusal = refusal("permission_denied", "AUTH-AWfge", "Errors.Caller.PermissionDenied");

/** @throws DomainError unless a role of the caller gives the permission in that organization */
export function requirePermission(caller: Caller, permission: Permission, organizationId: string): void {
  if (!caller.may(permission, organizationId)) throw new DomainError(denied, { permission });
}

/** @throws DomainError unless it is the caller's own account, or a role gives the permission */
export function requireSelfOr(
  caller: Caller,
  permission: Permission,
  user: { readonly id: string; readonly resourceOwner: string },
): void {
  if (caller.userId !== user.id) requirePermission(caller, permission, user.resourceOwner);
}
