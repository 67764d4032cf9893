import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import type { HealthzRequestSchema } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { World } from "../../support/wire-world.ts";
import type { UserWithToken } from "./givens.ts";
import { invalid, noSuchPath, ok, refused, type Row, type Scenario, type Subject } from "./scenario.ts";
import { builtInDetails, settingDetails } from "./settings-json.ts";

/** The rows of message texts: the same for both texts, and for organizations and the instance. */

interface Text {
  readonly language: string;
  readonly text?: string;
}

/** Who may set texts, in whose settings, in a language of their own. */
export interface TextOwner extends UserWithToken {
  readonly subject: Subject;
  readonly language: string;
}

/** A row of any method: they differ in what they ask for besides the language. */
type TextRow<G extends TextOwner> = Omit<Row<typeof HealthzRequestSchema, G>, "input"> & {
  readonly input: (given: G) => Text;
};

type RowMaker = <G extends TextOwner>(row: TextRow<G>) => Scenario;

/** The methods of one text. */
export interface TextMethods {
  readonly get: RowMaker;
  /** What holds where this owner sets nothing. */
  readonly getDefault: RowMaker;
  readonly set: RowMaker;
  readonly reset: RowMaker;
  /** The requests, by their names in the contract. */
  readonly requests: Readonly<Record<"get" | "getDefault" | "set" | "reset", string>>;
  readonly owner: (world: World) => TextOwner | Promise<TextOwner>;
  /** Carries out what a scenario begins with. */
  put(world: World, token: string, text: Required<Text>): Promise<unknown>;
  remove(world: World, token: string, text: Text): Promise<unknown>;
  /** The id of the refusal where none was set. */
  readonly missing: string;
  /** The variable that the text is about. */
  readonly variable: "{{.Code}}" | "{{.OTP}}";
}

/** The parts of a text about phones, apart from the text itself; each as long as it may be. */
const longest = {
  title: "t".repeat(2_000),
  preHeader: "ü".repeat(1_000),
  subject: "s".repeat(2_000),
  greeting: "g".repeat(4_000),
  buttonText: "b".repeat(4_000),
  footerText: "ü".repeat(4_000),
};
export const everyPart = { ...longest, text: "{{.Code}}" };

/** Each of them a byte too long. */
export const partsPastLimits = [
  { field: "title", input: { title: `${longest.title}t` } },
  { field: "pre_header", input: { preHeader: `${longest.preHeader}p` } },
  { field: "subject", input: { subject: `${longest.subject}s` } },
  { field: "greeting", input: { greeting: `${longest.greeting}g` } },
  { field: "button_text", input: { buttonText: `${longest.buttonText}b` } },
  { field: "footer_text", input: { footerText: `${longest.footerText}f` } },
];

export const badLanguage = { language: "x".repeat(201) };

const inLanguage = ({ language }: TextOwner): Text => ({ language });
const english = (variable: string): unknown => expect.stringMatching(RegExp(`^${escaped(variable)} is `));
const german = (variable: string): unknown => expect.stringMatching(RegExp(`^${escaped(variable)} ist `));
const escaped = (text: string): string => text.replaceAll(/[{}.]/g, "\\$&");

export function textRows(methods: TextMethods): readonly Scenario[] {
  const { get, getDefault, set, reset, requests, owner, variable } = methods;
  const text = `${variable} for {{.FirstName}}`;

  const withText = async (world: World) => {
    const given = await owner(world);
    await methods.put(world, given.token, { language: given.language, text });
    const stored = await world.history.lastOf(given.subject.id);
    world.clock.ms += 1_000;
    return { ...given, sequence: stored?.sequence ?? 0, setMs: stored?.atMs ?? 0 };
  };
  const withRemovedText = async (world: World) => {
    const given = await withText(world);
    await methods.remove(world, given.token, inLanguage(given));
    return given;
  };
  const builtIn = (shown: unknown) =>
    ok({ customText: { text: shown, isDefault: true, details: builtInDetails } });
  const about = ({ subject }: TextOwner): Subject => subject;
  const changed = { expect: ok(), effect: ["settings.message.text.set"], about } as const;

  const badLanguages = (row: RowMaker, request: string): readonly Scenario[] => [
    row({
      name: "an empty language",
      given: owner,
      caller: "self",
      input: () => ({ language: "", text }),
      expect: invalid(`${request}.language`),
      expectOfRest: noSuchPath,
    }),
    row({
      name: "a language of 201 characters",
      given: owner,
      caller: "self",
      input: () => ({ ...badLanguage, text }),
      expect: invalid(`${request}.language`),
    }),
    ...["x".repeat(200), "no language"].map((language) =>
      row({
        name: language === "no language" ? "what is no language" : "200 characters, which are no language",
        given: owner,
        caller: "self",
        input: () => ({ language, text }),
        expect: refused(Code.InvalidArgument, "TEXT-l4Ngu"),
      }),
    ),
  ];

  return [
    get({
      name: "built in, in English where there is no other",
      everyWay: true,
      given: owner,
      caller: "self",
      input: inLanguage,
      expect: builtIn(english(variable)),
    }),
    get({
      name: "one that was set",
      everyWay: true,
      given: withText,
      caller: "self",
      input: inLanguage,
      expect: ({ subject, sequence, setMs }) =>
        ok({ customText: { text, details: settingDetails(subject.organizationId, sequence, setMs) } }),
    }),
    get({
      name: "one that was set, by its language in capital letters",
      given: withText,
      caller: "self",
      input: ({ language }) => ({ language: language.toUpperCase() }),
      expect: ok({ customText: expect.objectContaining({ text }) }),
    }),
    get({
      name: "built in, after another one was removed",
      given: withRemovedText,
      caller: "self",
      input: inLanguage,
      expect: builtIn(english(variable)),
    }),
    ...badLanguages(get, requests.get),

    getDefault({
      name: "built in, although another one was set",
      everyWay: true,
      given: withText,
      caller: "self",
      input: inLanguage,
      expect: builtIn(english(variable)),
    }),
    ...["de", "de-CH"].map((language) =>
      getDefault({
        name: `built in for ${language}`,
        given: owner,
        caller: "self",
        input: () => ({ language }),
        expect: builtIn(german(variable)),
      }),
    ),
    ...badLanguages(getDefault, requests.getDefault),

    set({
      name: "for the first time",
      everyWay: true,
      given: owner,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text }),
      ...changed,
    }),
    set({
      name: "another one",
      given: withText,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text: variable }),
      ...changed,
    }),
    set({
      name: "what it is already",
      given: withText,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text }),
      expect: ok(),
      about,
      details: "change",
    }),
    set({
      name: "what it was before it was removed",
      given: withRemovedText,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text }),
      ...changed,
    }),
    set({
      name: "800 characters",
      given: owner,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text: "ü".repeat(800) }),
      ...changed,
    }),
    set({
      name: "801 characters",
      given: owner,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text: "x".repeat(801) }),
      expect: invalid(`${requests.set}.text`),
    }),
    set({
      name: "a variable that no message has",
      given: owner,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text: "{{.Password}}" }),
      expect: refused(Code.InvalidArgument, "TEXT-v4Unk", "Password"),
    }),
    set({
      name: "a variable that no message has, in another language of templates",
      given: owner,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text: "{{.Code}} {{if .Code}}" }),
      expect: refused(Code.InvalidArgument, "TEXT-v4Unk", "if .Code"),
    }),
    ...["{{.Code", "{{.Code}", ".Code}}", "{{", "{{.Code\n{{.Code}}"].map((malformed) =>
      set({
        name: `the malformed ${JSON.stringify(malformed)}`,
        given: owner,
        caller: "self",
        input: (given) => ({ ...inLanguage(given), text: `Hello: ${malformed}` }),
        expect: refused(Code.InvalidArgument, "TEXT-m4Lfd", "Two braces that enclose no variable begin at"),
      }),
    ),
    set({
      name: "single braces",
      given: owner,
      caller: "self",
      input: (given) => ({ ...inLanguage(given), text: "{a} {{{.Code}}} } {" }),
      ...changed,
    }),
    ...badLanguages(set, requests.set),

    reset({
      name: "to what is built in",
      everyWay: true,
      given: withText,
      caller: "self",
      input: inLanguage,
      expect: ok(),
      effect: ["settings.message.text.removed"],
      about,
    }),
    ...[owner, withRemovedText].map((given) =>
      reset({
        name: given === owner ? "there is none" : "it was removed already",
        given,
        caller: "self",
        input: inLanguage,
        expect: refused(Code.NotFound, methods.missing),
      }),
    ),
    ...badLanguages(reset, requests.reset),
  ];
}
