import type { Channel } from "../domain/channel.ts";
import { type CodeGenerator, drawCode, type NewCode, type ResendPolicy } from "../domain/codes.ts";
import type { IssuedCode } from "../domain/decision.ts";
import type { Policy } from "../domain/policy.ts";
import { newUuid } from "../lib/id.ts";
import type { AppContext } from "./context.ts";
import type { Extras } from "./repository.ts";

/** A new code: drawn, and then put into a message, or given to the caller. */

/** Draws a code, before it is known whether it will be used. */
export function newCode(app: AppContext, generator: CodeGenerator, resend: ResendPolicy): NewCode {
  const challengeId = newUuid(app.clock.nowMs(), app.randomBytes);
  const plain = drawCode(generator, app.randomBytes);
  if (resend.kind !== "repeat") return { challengeId, plain };
  return { challengeId, plain, sealed: { id: challengeId, text: app.vault.seal(challengeId, plain) } };
}

/** What a message needs besides the code, to be told to its reader. */
export interface SealedCode {
  readonly code: string;
  /** Where the code was asked for, e.g. "https://login.example.com"; empty if that is not known. */
  readonly origin: string;
}

/** The message that carries a code; none where the caller gets it. @param nowMs of the decision */
export function messageOf(
  app: AppContext,
  policy: Policy,
  about: {
    readonly userId: string;
    readonly sessionId?: string;
    readonly origin?: string;
    readonly channel?: Channel | undefined;
  },
  code: IssuedCode | undefined,
  nowMs: number,
): Extras {
  if (code === undefined || code.returned) return {};
  const { challengeId: id, purpose, number: recipient, expiresMs } = code;
  const { origin = "", channel, ...whom } = about;
  const content: SealedCode = { code: code.plain, origin };
  const sealed = app.vault.seal(id, JSON.stringify(content));
  return {
    message: {
      id,
      ...whom,
      purpose,
      recipient,
      ...(channel === undefined ? {} : { channel }),
      // Time never goes back for its user, but a message is due at once, also where the clock was set back.
      createdMs: Math.min(nowMs, app.clock.nowMs()),
      expiresMs,
      sealed,
    },
    messagePauseMs: policy.messagePauseMs,
  };
}

/** Lets the courier know of a message that was just written. */
export function announce(app: AppContext, code: IssuedCode | undefined): void {
  if (code?.returned === false) app.onMessage();
}

/** The code for the caller, if the caller asked for it. */
export function returnedCode(code: IssuedCode | undefined): string | undefined {
  return code?.returned === true ? code.plain : undefined;
}
