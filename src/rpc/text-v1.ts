import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  Encoding,
  PreviewTextResponseSchema,
  TextType as WireTextType,
  type TextService,
} from "../../gen/ringback/text/v1/text_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { previewText } from "../app/text-preview.ts";
import type { TextType } from "../domain/settings-state.ts";
import type { SmsEncoding } from "../domain/sms-segments.ts";
import { policyOrganizationOf } from "./gate.ts";
import { languagesOf } from "./languages.ts";
import { sentence } from "./texts/sentence.ts";

const encodings: Readonly<Record<SmsEncoding, Encoding>> = { gsm7: Encoding.GSM7, ucs2: Encoding.UCS2 };

/** ringback.text.v1.TextService. */
export function textV1(app: AppContext): ServiceImpl<typeof TextService> {
  return {
    async previewText({ textType, language, text: template, organizationId: named }, context) {
      const scope = { organizationId: policyOrganizationOf(context, named) };
      const ref = { textType: textTypeOf(textType), language };
      const { text, encoding, segments, warnings } = await previewText(app, scope, ref, template);
      const languages = languagesOf(context);
      return create(PreviewTextResponseSchema, {
        text,
        encoding: encodings[encoding],
        segments,
        warnings: warnings.map(({ key, params }) => sentence(key, params, languages)),
      });
    },
  };
}

/** Any other value was refused before. */
function textTypeOf(textType: WireTextType): TextType {
  return textType === WireTextType.VERIFY_SMS_OTP ? "verify_sms_otp" : "verify_phone";
}
