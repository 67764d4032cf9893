import type { ProviderCheck, ProviderQuestion } from "../domain/codes.ts";
import type { Decision, Facts } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { Policy } from "../domain/policy.ts";
import type { UserState } from "../domain/user-state.ts";
import { withoutDeadline } from "../lib/deadline.ts";
import { type AppContext, factsOf } from "./context.ts";
import type { LoadedUser } from "./user-kind.ts";

const missing = refusal("failed_precondition", "COMMAND-M0odsf", "Errors.Code.ProviderMissing");
const unavailable = refusal("unavailable", "CODE-u3Nav", "Errors.Code.ProviderUnavailable");

/** A code is replaced while its provider is asked: that is rare once, and somebody's mistake this often. */
const questionsMax = 3;

/**
 * Decides; where a provider that made the code must be asked first, asks it while nobody waits for a turn, and
 * decides again with what it says. So it is asked only by those who may, and of a code that could be right.
 *
 * @throws DomainError if the provider cannot be asked
 */
export async function withProviderCheck<D extends Asking>(
  app: AppContext,
  decide: (providerCheck: ProviderCheck | undefined) => Promise<D>,
): Promise<D> {
  let done = await decide(undefined);
  for (let asked = 0; done.decision.question !== undefined; asked += 1) {
    if (asked === questionsMax) throw new DomainError(unavailable);
    const said = await ask(app, done.decision.question);
    // A provider answers once: what it said is written, also when its call is over by now.
    done = await withoutDeadline(() => decide(said));
  }
  return done;
}

/** Carries out a decision about a user that checks a code. */
export function executeCheck(
  app: AppContext,
  policy: Policy,
  userId: string,
  decide: (user: UserState | undefined, facts: Facts) => Decision,
): Promise<LoadedUser> {
  return withProviderCheck(app, (providerCheck) =>
    app.users.execute(userId, (state, nowMs) =>
      decide(state, factsOf(app, policy, nowMs, { providerCheck })),
    ),
  );
}

interface Asking {
  readonly decision: { readonly question?: ProviderQuestion };
}

async function ask(app: AppContext, question: ProviderQuestion): Promise<ProviderCheck> {
  const { challengeId, providerId, ...request } = question;
  const result = await app.codeProviders.check(providerId, request);
  if (result === undefined) throw new DomainError(missing);
  switch (result.kind) {
    case "right":
    case "wrong":
      return { challengeId, outcome: result.kind };
    case "gone":
      return { challengeId, outcome: "expired" };
    case "unavailable":
      throw new DomainError(unavailable, {}, new Error(result.reason));
  }
}
