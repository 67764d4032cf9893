import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AdminService,
  GetSecretGeneratorResponseSchema,
  ListSecretGeneratorsResponseSchema,
  UpdateSecretGeneratorResponseSchema,
} from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import {
  type SecretGenerator,
  SecretGeneratorSchema,
  SecretGeneratorType,
} from "../../gen/zitadel/settings/v1/secret_generator_pb.js";
import type { AppContext } from "../app/context.ts";
import { type GeneratorView, getGenerator, listGenerators, setGenerator } from "../app/generators.ts";
import { type GeneratorType, generatorTypes } from "../domain/settings-state.ts";
import { v1ChangeDetails, v1ListDetails, v1SettingDetails } from "./details.ts";
import { boundedMs } from "./durations.ts";
import { refuseField } from "./refused-fields.ts";
import { cut, pageOf } from "./paging.ts";

const wireTypes: Readonly<Record<GeneratorType, SecretGeneratorType>> = {
  phone_code: SecretGeneratorType.VERIFY_PHONE_CODE,
  otp_sms: SecretGeneratorType.OTP_SMS,
};

type Methods = Pick<
  ServiceImpl<typeof AdminService>,
  "listSecretGenerators" | "getSecretGenerator" | "updateSecretGenerator"
>;

/** zitadel.admin.v1.AdminService: how codes are drawn. */
export function generatorsV1(app: AppContext): Methods {
  return {
    async listSecretGenerators({ query, queries }) {
      const all = (await listGenerators(app))
        .map(v1Generator)
        .filter(({ generatorType }) =>
          queries.every((each) => each.query.value?.generatorType === generatorType),
        );
      return create(ListSecretGeneratorsResponseSchema, {
        details: v1ListDetails({ total: all.length, atMs: app.clock.nowMs() }),
        result: cut(query?.asc === false ? all.toReversed() : all, pageOf(query)),
      });
    },

    async getSecretGenerator({ generatorType }) {
      const view = await getGenerator(app, typeOf(generatorType));
      return create(GetSecretGeneratorResponseSchema, { secretGenerator: v1Generator(view) });
    },

    async updateSecretGenerator(request) {
      const type =
        typeOf(request.generatorType) ??
        refuseField("generator_type", "only codes of phones and one-time codes by SMS are drawn here");
      const details = await setGenerator(app, type, {
        length: request.length,
        lowerLetters: request.includeLowerLetters,
        upperLetters: request.includeUpperLetters,
        digits: request.includeDigits,
        symbols: request.includeSymbols,
        // None, or zero, means that a code never expires.
        ttlMs: boundedMs("expiry", request.expiry) || null,
      });
      return create(UpdateSecretGeneratorResponseSchema, { details: v1ChangeDetails(details) });
    },
  };
}

function typeOf(wireType: SecretGeneratorType): GeneratorType | undefined {
  return generatorTypes.find((type) => wireTypes[type] === wireType);
}

function v1Generator({ type, generator, details }: GeneratorView): SecretGenerator {
  return create(SecretGeneratorSchema, {
    generatorType: wireTypes[type],
    details: v1SettingDetails(details),
    length: generator.length,
    expiry: durationFromMs(generator.ttlMs ?? 0),
    includeLowerLetters: generator.lowerLetters,
    includeUpperLetters: generator.upperLetters,
    includeDigits: generator.digits,
    includeSymbols: generator.symbols,
  });
}
