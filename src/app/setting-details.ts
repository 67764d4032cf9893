import type { Decision } from "../domain/decision.ts";
import type { Dated, SettingsEvent, SettingsState } from "../domain/settings-state.ts";
import type { AppContext, Details } from "./context.ts";
import { instanceId, type Scope } from "./settings.ts";

/** Where a setting stands in its history. What is built in has none: everything is zero. */
export function settingDetails(scope: Scope, dated: Omit<Dated<unknown>, "value"> | undefined): Details {
  const { sequence = 0, createdMs = 0, changedMs = 0 } = dated ?? {};
  return { sequence, createdMs, changedMs, resourceOwner: ownerOf(scope) };
}

function ownerOf(scope: Scope): string {
  return scope === "instance" ? instanceId : scope.organizationId;
}

/** Carries out a decision about settings. @returns where they stand afterwards */
export async function changeSettings(
  app: AppContext,
  scope: Scope,
  decide: (state: SettingsState | undefined, nowMs: number) => Decision<SettingsEvent>,
): Promise<Details> {
  const { repository, id } = app.settings.of(scope);
  const { sequence, state } = await repository.execute(id, decide);
  return { sequence, createdMs: state.changedMs, changedMs: state.changedMs, resourceOwner: ownerOf(scope) };
}
