import type { SessionEvent } from "./session-state.ts";
import type { SettingsEvent } from "./settings-state.ts";
import type { UserEvent } from "./user-events.ts";

/**
 * From what was stored at any time to what is folded now. Stored events are never changed: a shape may grow by
 * optional fields under the same type; any other change is a new type, and a step that leads there from the old
 * one (docs/upgrades.md).
 */

/** An event as it was stored. */
export interface StoredEvent {
  readonly type: string;
  readonly data: object;
}

/** One step: what would be stored today in the place of an event of an older type. */
export type Upcaster = (data: object) => StoredEvent;

/** The events of today, by what they belong to. */
interface EventsOf {
  readonly user: UserEvent;
  readonly session: SessionEvent;
  readonly settings: SettingsEvent;
}
export type EventFamily = keyof EventsOf;

/** By the type that is not written any more. */
const upcasters: Readonly<Record<string, Upcaster>> = {};

/** Every type that is written today. */
export const eventTypes: { readonly [F in EventFamily]: Readonly<Record<EventsOf[F]["type"], true>> } = {
  user: {
    "user.human.added": true,
    "user.machine.added": true,
    "user.username.changed": true,
    "user.human.profile.changed": true,
    "user.human.email.changed": true,
    "user.machine.changed": true,
    "user.schema.set": true,
    "user.human.phone.changed": true,
    "user.human.phone.code.added": true,
    "user.human.phone.code.sent": true,
    "user.human.phone.verified": true,
    "user.human.phone.verification.failed": true,
    "user.human.phone.removed": true,
    "user.human.mfa.otp.sms.added": true,
    "user.human.mfa.otp.sms.removed": true,
    "user.human.mfa.otp.sms.check.succeeded": true,
    "user.human.mfa.otp.sms.check.failed": true,
    "user.human.mfa.init.skipped": true,
    "user.otp.sms.registration.added": true,
    "user.otp.sms.registration.code.added": true,
    "user.otp.sms.registration.code.sent": true,
    "user.otp.sms.registration.verified": true,
    "user.otp.sms.registration.verification.failed": true,
    "user.otp.sms.registration.removed": true,
    "user.pat.added": true,
    "user.pat.removed": true,
    "user.roles.set": true,
    "user.locked": true,
    "user.unlocked": true,
    "user.deactivated": true,
    "user.reactivated": true,
    "user.removed": true,
  },
  session: {
    "session.added": true,
    "session.user.checked": true,
    "session.otp.sms.challenged": true,
    "session.otp.sms.sent": true,
    "session.otp.sms.checked": true,
    "session.otp.sms.check.failed": true,
    "session.metadata.set": true,
    "session.lifetime.set": true,
    "session.token.set": true,
    "session.terminated": true,
  },
  settings: {
    "settings.lockout.set": true,
    "settings.lockout.removed": true,
    "settings.message.text.set": true,
    "settings.message.text.removed": true,
    "settings.generator.set": true,
    "settings.sms.provider.added": true,
    "settings.sms.provider.changed": true,
    "settings.sms.provider.resealed": true,
    "settings.sms.provider.activated": true,
    "settings.sms.provider.deactivated": true,
    "settings.sms.provider.removed": true,
    "settings.sms.routes.set": true,
    "settings.master_key.noted": true,
  },
};

/**
 * What a stored event is called and looks like today.
 *
 * @param steps by older type; a test has its own
 * @throws Error for a type that this version does not know: a newer one wrote it
 */
export function upcast<F extends EventFamily>(
  family: F,
  stored: StoredEvent,
  steps: Readonly<Record<string, Upcaster>> = upcasters,
): EventsOf[F] {
  let event = stored;
  while (Object.hasOwn(steps, event.type)) event = steps[event.type]?.(event.data) ?? event;
  if (!Object.hasOwn(eventTypes[family], event.type)) {
    throw new Error(
      `this version does not know events of the type ${event.type}: use the release that wrote them, or a newer one`,
    );
  }
  return event as EventsOf[F]; // what was stored under a type has the shape of that type
}
