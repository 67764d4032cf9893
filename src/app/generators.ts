import { decideSetGenerator, generatorErrors } from "../domain/settings.ts";
import type { CodeGenerator } from "../domain/codes.ts";
import { DomainError } from "../domain/errors.ts";
import { type GeneratorType, generatorTypes } from "../domain/settings-state.ts";
import type { AppContext } from "./context.ts";
import type { Details } from "./details.ts";
import { settingDetails } from "./settings.ts";

/** The use cases of generators: how codes are drawn. */

export interface GeneratorView {
  readonly type: GeneratorType;
  readonly generator: CodeGenerator;
  readonly details: Details;
}

export async function listGenerators(app: AppContext): Promise<readonly GeneratorView[]> {
  const { phoneCode, otpSmsCode } = await app.settings.instancePolicy();
  const inForce = { phone_code: phoneCode, otp_sms: otpSmsCode };
  const set = (await app.settings.find("instance"))?.state.generators ?? {};
  return generatorTypes.map((type) => ({
    type,
    generator: inForce[type],
    details: settingDetails("instance", set[type]),
  }));
}

/** @throws DomainError for codes that are not drawn here */
export async function getGenerator(app: AppContext, type: GeneratorType | undefined): Promise<GeneratorView> {
  const found = (await listGenerators(app)).find((each) => each.type === type);
  if (found === undefined) throw new DomainError(generatorErrors.missing);
  return found;
}

/** Holds from the next code on. @throws DomainError for one that draws no code, or too long a one */
export function setGenerator(
  app: AppContext,
  type: GeneratorType,
  generator: CodeGenerator,
): Promise<Details> {
  return app.settings.change("instance", (state) => decideSetGenerator(state, type, generator));
}
