import { describe, expect, it } from "@jest/globals";
import { create, createRegistry, fromJsonString, toJsonString, type DescMessage } from "@bufbuild/protobuf";
import {
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  TypeSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import { MessageSchema } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import {
  AddOTPSMSAuthenticatorRequestSchema,
  CreateUserRequestSchema,
} from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { GetLockoutSettingsRequestSchema } from "../../gen/zitadel/settings/v2/settings_service_pb.js";
import {
  AddHumanUserRequestSchema,
  ListUsersRequestSchema,
  SetPhoneRequestSchema,
  UpdateHumanUserRequestSchema,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import { resolveFieldPath, setTextField } from "../../src/server/rest/fields.ts";
import { parseQuery } from "../../src/server/rest/query.ts";
import { parseBody } from "../../src/server/rest/request-body.ts";

function fromQuery<D extends DescMessage>(desc: D, query: string) {
  const message = create(desc);
  for (const field of parseQuery(desc, query)) setTextField(desc, message, field);
  return message;
}

describe("a query", () => {
  it("sets fields by both names, nested, repeated, and of every kind", () => {
    expect(fromQuery(MessageSchema, "phone_number=%2B41+79&userId=7&purpose=PURPOSE_VERIFY_PHONE")).toEqual(
      create(MessageSchema, { phoneNumber: "+41 79", userId: "7", purpose: 1 }),
    );
    expect(fromQuery(MessageSchema, "purpose=2&createTime=2026-01-02T03:04:05.5Z")).toEqual(
      create(MessageSchema, {
        purpose: 2,
        createTime: { seconds: 1767323045n, nanos: 500_000_000 },
      }),
    );
    expect(
      fromQuery(
        FileDescriptorProtoSchema,
        "dependency=a&dependency=b&publicDependency=1&options.deprecated=true&options.go_package=g",
      ),
    ).toEqual(
      create(FileDescriptorProtoSchema, {
        dependency: ["a", "b"],
        publicDependency: [1],
        options: { deprecated: true, goPackage: "g" },
      }),
    );
    expect(fromQuery(FieldOptionsSchema, "targets=1&targets=TARGET_TYPE_FIELD").targets).toEqual([1, 4]);
    expect(fromQuery(TypeSchema, "source_context.fileName=a.proto&syntax=SYNTAX_PROTO3")).toEqual(
      create(TypeSchema, { sourceContext: { fileName: "a.proto" }, syntax: 1 }),
    );
  });

  it("sets the case of a oneof", () => {
    expect(fromQuery(SetPhoneRequestSchema, "send_code.url_template=x&is_verified=true")).toMatchObject({
      verification: { case: "isVerified", value: true },
    });
    expect(fromQuery(AddOTPSMSAuthenticatorRequestSchema, "organization.orgId=o").organization).toMatchObject(
      {
        property: { case: "orgId", value: "o" },
      },
    );
  });

  it.each([
    ["ctx.orgId=o&ctx.instance=true", GetLockoutSettingsRequestSchema, "ctx.instance"],
    ["password.password.password=p&password.hashed_password.hash=h", UpdateHumanUserRequestSchema, "hash"],
  ])("refuses %s: two cases of one oneof", (query, desc, name) => {
    expect(() => fromQuery(desc, query)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(name) }),
    );
  });

  it("takes a name alone for an empty text", () => {
    expect(fromQuery(FileDescriptorProtoSchema, "dependency&dependency=b").dependency).toEqual(["", "b"]);
  });

  it("skips names that it does not know", () => {
    expect(fromQuery(MessageSchema, "&=&id&what=1&id.what=2&createTime.what=3&__proto__.x=1&text=t")).toEqual(
      create(MessageSchema, { text: "t" }),
    );
  });

  it.each([
    ["purpose=PURPOSE_NONE", 'invalid value for "purpose"'],
    ["create_time=yesterday", 'invalid value for "create_time"'],
    ["id=1&id=2", 'invalid value for "id": it is given more than once'],
    ["phone_number=1&phoneNumber=2", "given more than once"],
    ["id=%zz", "the query has a broken percent-escape"],
  ])("refuses %s", (query, reason) => {
    expect(() => fromQuery(MessageSchema, query)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(reason) }),
    );
  });

  it.each(["true", "True", "TRUE", "t", "T", "1", "false", "False", "FALSE", "f", "F", "0"])(
    "takes %j for a boolean, as ZITADEL's gateway does",
    (text) => {
      const { options } = fromQuery(FileDescriptorProtoSchema, `options.deprecated=${text}`);
      expect(options?.deprecated).toBe(/^[t1]/i.test(text));
    },
  );

  it.each(["yes", "tRUE", "10", " 1", ""])("refuses %j for a boolean", (text) => {
    expect(() => fromQuery(FileDescriptorProtoSchema, `options.deprecated=${text}`)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument }),
    );
  });

  it("gives back what was put in", () => {
    fc.assert(
      fc.property(
        fc.record({
          name: fc.string({ unit: "grapheme" }),
          number: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
          proto3Optional: fc.boolean(),
        }),
        (field) => {
          const query = `name=${encodeURIComponent(field.name)}&number=${field.number}&proto3_optional=${field.proto3Optional}`;
          expect(fromQuery(FieldDescriptorProtoSchema, query)).toEqual(
            create(FieldDescriptorProtoSchema, field),
          );
        },
      ),
    );
  });
});

describe("a field of the path", () => {
  it("wins over what the message holds", () => {
    const message = create(SetPhoneRequestSchema, { userId: "1", phone: "2" });
    const path = resolveFieldPath(SetPhoneRequestSchema, "user_id") ?? [];
    setTextField(SetPhoneRequestSchema, message, { path, name: "user_id", texts: ["7"] });
    expect(message).toEqual(create(SetPhoneRequestSchema, { userId: "7", phone: "2" }));
  });
});

const registry = createRegistry();
const utf8 = new TextEncoder();
const phoneField = AddOTPSMSAuthenticatorRequestSchema.field.phone;

describe("a body", () => {
  it("is the message, or the one field", () => {
    expect(
      parseBody(SetPhoneRequestSchema, "message", utf8.encode('{"user_id":"7","x":1}'), registry),
    ).toEqual(create(SetPhoneRequestSchema, { userId: "7" }));
    expect(
      parseBody(AddOTPSMSAuthenticatorRequestSchema, phoneField, utf8.encode('{"number":"1"}'), registry),
    ).toEqual(create(AddOTPSMSAuthenticatorRequestSchema, { phone: { number: "1" } }));
  });

  it("may be empty", () => {
    for (const binding of ["message", "none", phoneField] as const) {
      expect(parseBody(AddOTPSMSAuthenticatorRequestSchema, binding, utf8.encode(" \n"), registry)).toEqual(
        create(AddOTPSMSAuthenticatorRequestSchema),
      );
    }
  });

  it.each([
    [SetPhoneRequestSchema, '{"sendCode":null,"return_code":null,"isVerified":true}', '{"isVerified":true}'],
    [SetPhoneRequestSchema, '{"returnCode":{},"sendCode":null,"isVerified":null}', '{"returnCode":{}}'],
    [
      AddHumanUserRequestSchema,
      '{"username":null,"metadata":[{"key":"k","value":"AA=="}],"phone":{"sendCode":null,"returnCode":{}}}',
      '{"metadata":[{"key":"k","value":"AA=="}],"phone":{"returnCode":{}}}',
    ],
    [
      ListUsersRequestSchema,
      '{"queries":[{"userNameQuery":null,"stateQuery":null,"emailQuery":{}}]}',
      '{"queries":[{"emailQuery":{}}]}',
    ],
    [
      CreateUserRequestSchema,
      '{"user":{"data":{"structValue":null},"contact":{"phone":{"sendCode":null,"returnCode":{}}}}}',
      '{"user":{"data":{"structValue":null},"contact":{"phone":{"returnCode":{}}}}}',
    ],
  ])("does not have the cases of a oneof that are null: %s %s", (schema, text, meant) => {
    expect(parseBody(schema, "message", utf8.encode(text), registry)).toEqual(fromJsonString(schema, meant));
  });

  it.each([
    ["a byte order mark", "\uFEFF{}", "byte order mark"],
    ["truncated JSON", '{"userId":"7"', "JSON"],
    ["two values", "{}{}", "JSON"],
    ["a duplicate key", '{"userId":"7","userId":"8"}', 'duplicate object key "userId"'],
    ["a field under two names", '{"userId":"7","user_id":"8"}', "user_id from JSON: set multiple times"],
    ["two cases of a oneof", '{"sendCode":{},"returnCode":{}}', "oneof"],
    ["two cases beside one that is null", '{"sendCode":{},"returnCode":{},"isVerified":null}', "oneof"],
    ["a duplicate key that is null", '{"sendCode":null,"sendCode":null,"returnCode":{}}', "duplicate"],
    ["a wrong type", '{"userId":7}', "user_id"],
    ["not an object", "[]", "SetPhoneRequest"],
  ])("refuses %s", (_name, text, reason) => {
    expect(() => parseBody(SetPhoneRequestSchema, "message", utf8.encode(text), registry)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(reason) }),
    );
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(() =>
      parseBody(SetPhoneRequestSchema, "message", Uint8Array.of(0x22, 0xff, 0x22), registry),
    ).toThrow(new ConnectError("the body must be JSON, but it is not valid UTF-8", Code.InvalidArgument));
  });

  it("cannot bring fields besides the one that it is", () => {
    for (const text of ['{},"id":"7"', '{"number":"1"}}{', '{}},"x":{']) {
      expect(() =>
        parseBody(AddOTPSMSAuthenticatorRequestSchema, phoneField, utf8.encode(text), registry),
      ).toThrow(
        expect.objectContaining({
          code: Code.InvalidArgument,
          rawMessage: expect.stringMatching(/^cannot decode field \S+Request\.phone from JSON: /),
        }),
      );
    }
  });

  it("gives back what was put in", () => {
    fc.assert(
      fc.property(
        fc.record({
          userId: fc.string({ unit: "grapheme" }),
          phone: fc.string({ unit: "grapheme" }),
          verification: fc.constantFrom(
            { case: "isVerified" as const, value: true },
            { case: "sendCode" as const, value: {} },
            { case: undefined },
          ),
        }),
        (init) => {
          const message = create(SetPhoneRequestSchema, init);
          const bytes = utf8.encode(toJsonString(SetPhoneRequestSchema, message));
          const parsed = parseBody(SetPhoneRequestSchema, "message", bytes, registry);
          expect(parsed).toEqual(message);
        },
      ),
    );
  });

  it("is never the cause of anything but a ConnectError", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => utf8.encode(text)),
          fc.uint8Array(),
        ),
        (bytes) => {
          try {
            parseBody(AddOTPSMSAuthenticatorRequestSchema, phoneField, bytes, registry);
          } catch (reason) {
            expect(reason).toMatchObject({ code: Code.InvalidArgument });
          }
        },
      ),
    );
  });
});
