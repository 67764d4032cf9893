import type { DescMessage, DescMethodUnary, JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { Role } from "../../../src/auth/roles.ts";
import type { Profile } from "../../../src/domain/policy.ts";
import type { SessionEvent } from "../../../src/domain/session-state.ts";
import type { SettingsEvent } from "../../../src/domain/settings-state.ts";
import type { UserEvent } from "../../../src/domain/user-events.ts";
import type { Answer, Protocol } from "../../support/wire-protocols.ts";
import { adminToken, type TestUser, type World } from "../../support/wire-world.ts";

export type EventType = (UserEvent | SessionEvent | SettingsEvent)["type"];

/** What a call is about: a user, a session, or what has settings. */
export interface Subject {
  readonly id: string;
  /** The resource owner. */
  readonly organizationId: string;
  readonly createdMs: number;
}

/**
 * What the `details` of an answer tell: all of it, of a change only that, of something new only that; and of a
 * setting that is built in only that it belongs to the instance.
 */
export type DetailsKind = "view" | "change" | "add" | "built-in";

/** One row of the table, for every protocol. */
export interface Scenario {
  /** Method and situation, e.g. "auth.v1 SetMyPhone: the same number". */
  readonly name: string;
  readonly profiles: readonly Profile[];
  /** Whether it is tried in the rarer protocols too. */
  readonly everyWay: boolean;
  /** Whether REST has no way to say it: a query knows no empty messages. */
  readonly notOverRest: boolean;
  /** Types of the events that the call adds to the history: these, and no others. */
  readonly effect: readonly EventType[];
  readonly details: DetailsKind;
  /** The error that is expected, where that is known before the situation is there. */
  readonly refusal: Refusal | undefined;
  /** Brings the world into the situation, with a user of its own. */
  arrange(world: World): Promise<Situation>;
}

/** Just before the call. */
export interface Situation {
  readonly subject: Subject;
  readonly method: DescMethodUnary;
  readonly expected: Outcome;
  act(protocol: Protocol): Promise<Answer>;
  /** What REST answers, whose path cannot hold everything. */
  readonly expectedOfRest: Outcome;
  /** Asserts what answer and events do not show. */
  after(json: JsonObject): Promise<void>;
}

export type Outcome =
  /** The whole answer as JSON, apart from its `details`; may hold asymmetric matchers. */
  { readonly kind: "ok"; readonly json: object } | Refusal;

export interface Refusal {
  readonly kind: "error";
  readonly code: Code;
  /** Of the ErrorDetail; without an id there is no detail. */
  readonly id: string | undefined;
  /** A part of the message. */
  readonly says: string;
}

/** A row as it is written down. */
export interface Row<I extends DescMessage, G extends TestUser> {
  readonly name: string;
  /** Where it holds; in both if left out. */
  readonly profile?: Profile;
  readonly everyWay?: true;
  readonly notOverRest?: boolean;
  readonly given: (world: World) => G | Promise<G>;
  readonly caller: CallerKind;
  /** Besides `authorization`. */
  readonly headers?: (given: G) => Readonly<Record<string, string>>;
  readonly input: (given: G, world: World) => MessageInitShape<I>;
  readonly expect: Outcome | ((given: G, world: World) => Outcome);
  /** The same as `expect` if left out. */
  readonly expectOfRest?: Outcome;
  /** Nothing happens if left out. */
  readonly effect?: readonly EventType[];
  /** What the call is about: what has been given if left out. */
  readonly about?: (given: G) => Subject;
  /** Where it does not follow from `effect`: nothing and "added" are viewed, everything else is a change. */
  readonly details?: DetailsKind;
  readonly after?: (given: G, world: World, json: JsonObject) => Promise<void>;
}

export type CallerKind =
  | "administrator"
  /** The user whom the situation is about, with the token that the situation holds, if it holds one. */
  | "self"
  /** A user without roles. */
  | "other"
  /** The owner of another organization than the user's. */
  | "ORG_OWNER elsewhere"
  | "without token"
  | "with a token that nobody holds"
  | Role;

/** @returns what makes a scenario of a row about this method */
export function rowsOf<I extends DescMessage, O extends DescMessage>(
  title: string,
  method: DescMethodUnary<I, O>,
): <G extends TestUser>(row: Row<I, G>) => Scenario {
  return (row) => ({
    name: `${title}: ${row.name}`,
    profiles: row.profile === undefined ? ["safe", "zitadel"] : [row.profile],
    everyWay: row.everyWay === true,
    notOverRest: row.notOverRest === true,
    effect: row.effect ?? [],
    details: row.details ?? detailsAfter(row.effect),
    refusal: typeof row.expect === "object" && row.expect.kind === "error" ? row.expect : undefined,
    async arrange(world) {
      const given = await row.given(world);
      const token = await tokenOf(row.caller, given, world);
      const headers = {
        ...row.headers?.(given),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const expected = typeof row.expect === "function" ? row.expect(given, world) : row.expect;
      return {
        subject: row.about?.(given) ?? given,
        method,
        expected,
        expectedOfRest: row.expectOfRest ?? expected,
        act: (protocol) => protocol.call(method, row.input(given, world), headers),
        after: async (json) => row.after?.(given, world, json),
      };
    },
  });
}

function detailsAfter(effect: readonly EventType[] = []): DetailsKind {
  const [first] = effect;
  return first === undefined || first === "user.human.added" ? "view" : "change";
}

async function tokenOf(caller: CallerKind, user: TestUser, world: World): Promise<string | undefined> {
  switch (caller) {
    case "administrator":
      return adminToken;
    case "self":
      return "token" in user && typeof user.token === "string" ? user.token : world.token(user.id);
    case "other":
    case "ORG_OWNER elsewhere":
      return callers[caller](world);
    case "without token":
      return undefined;
    case "with a token that nobody holds":
      return "token-that-nobody-holds";
    default:
      return callers[caller](world);
  }
}

/** Nothing that they do changes them, so one of each is enough. */
const callers: Readonly<Record<Role | "other" | "ORG_OWNER elsewhere", (world: World) => Promise<string>>> = {
  other: shared((world) => world.caller(undefined)),
  "ORG_OWNER elsewhere": shared((world) => world.caller("ORG_OWNER", "elsewhere")),
  IAM_OWNER: shared((world) => world.caller("IAM_OWNER")),
  IAM_USER_MANAGER: shared((world) => world.caller("IAM_USER_MANAGER")),
  IAM_LOGIN_CLIENT: shared((world) => world.caller("IAM_LOGIN_CLIENT")),
  ORG_OWNER: shared((world) => world.caller("ORG_OWNER")),
  ORG_USER_MANAGER: shared((world) => world.caller("ORG_USER_MANAGER")),
  ORG_OWNER_VIEWER: shared((world) => world.caller("ORG_OWNER_VIEWER")),
};

const sharedMs = 12 * 3_600_000;

/**
 * Makes something once for a world, where the cells only look at it. It is made again when the clock was moved
 * by half a day, because its tokens last a day.
 */
export function shared<T>(make: (world: World) => Promise<T>): (world: World) => Promise<T> {
  const kept = new WeakMap<World, { readonly made: Promise<T>; readonly untilMs: number }>();
  return (world) => {
    const found = kept.get(world);
    if (found !== undefined && world.clock.ms < found.untilMs) return found.made;
    const made = make(world);
    kept.set(world, { made, untilMs: world.clock.ms + sharedMs });
    return made;
  };
}

export function ok(json: object = {}): Outcome {
  return { kind: "ok", json };
}

/** A refusal by a rule, which has an id. @param says a part of the message */
export function refused(code: Code, id: string, says = ""): Outcome {
  return { kind: "error", code, id, says };
}

/** An error that is not a rule's: it has no id. */
function plain(code: Code, says: string): Refusal {
  return { kind: "error", code, id: undefined, says };
}

/** The request breaks a limit of the contract. @param field `<Message>.<field>` */
export function invalid(field: string): Refusal {
  return plain(Code.InvalidArgument, `invalid ${field}: `);
}

/** REST for an id that is empty: the path does not exist then. */
export const noSuchPath: Outcome = plain(Code.NotFound, "there is nothing at ");

/** The rows that every method has: who calls is known before the request is even read. */
export function authenticationRows<I extends DescMessage>(
  row: <G extends TestUser>(row: Row<I, G>) => Scenario,
  /** Breaks a limit of the contract, where there is one. */
  badInput: MessageInitShape<I>,
): readonly Scenario[] {
  const given = (world: World): TestUser => world.nobody();
  const input = (): MessageInitShape<I> => badInput;
  return [
    row({
      name: "no token",
      given,
      caller: "without token",
      input,
      expect: plain(Code.Unauthenticated, 'The header "authorization" is missing'),
    }),
    row({
      name: "a token that nobody holds",
      given,
      caller: "with a token that nobody holds",
      input,
      expect: refused(Code.Unauthenticated, "AUTH-7fs1e"),
    }),
  ];
}

/**
 * The rows of a method that needs a permission before the request is read.
 *
 * @param lacking a role without it, where there is one
 */
export function permissionRows<I extends DescMessage>(
  row: <G extends TestUser>(row: Row<I, G>) => Scenario,
  badInput: MessageInitShape<I>,
  lacking?: Role,
): readonly Scenario[] {
  const given = (world: World): TestUser => world.nobody();
  const input = (): MessageInitShape<I> => badInput;
  return [
    ...authenticationRows(row, badInput),
    row({
      name: "a caller without any role",
      given,
      caller: "other",
      input,
      expect: refused(Code.NotFound, "AUTHZ-cdgFk"),
    }),
    ...(lacking === undefined
      ? []
      : [
          row({
            name: "a caller whose roles lack the permission",
            given,
            caller: lacking,
            input,
            expect: refused(Code.PermissionDenied, "AUTH-5mWD2"),
          }),
        ]),
  ];
}
