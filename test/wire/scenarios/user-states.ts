import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { UserState } from "../../../gen/zitadel/user/v2/user_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as BetaUserService } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import type { EitherService } from "./either-service.ts";
import {
  deactivated,
  deleted,
  expectUser,
  lockedByAdmin,
  nobody,
  withMachine,
  withoutPhone,
} from "./givens.ts";
import {
  authenticationRows,
  type EventType,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  refused,
  rowsOf,
  type Scenario,
} from "./scenario.ts";

/** Users are deactivated, reactivated, locked and unlocked, in user.v2, its beta, and the resource API. */

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");

interface State {
  readonly name: string;
  readonly given: (world: World) => Promise<TestUser>;
}

const active: State = { name: "an active user", given: withoutPhone };
const activeMachine: State = { name: "an active machine", given: withMachine };
const inactive: State = { name: "a deactivated user", given: deactivated };
const isLocked: State = { name: "a locked user", given: lockedByAdmin };

/** What takes a user from one state to another. */
interface Transition {
  readonly event: EventType;
  readonly from: readonly [State, ...State[]];
  readonly refusedFrom: readonly State[];
  readonly wrongState: Outcome;
  readonly missing: Outcome;
  readonly to: UserState;
  readonly bySelf: Outcome;
}

const deactivation: Transition = {
  event: "user.deactivated",
  from: [active, activeMachine, isLocked],
  refusedFrom: [inactive],
  wrongState: refused(Code.FailedPrecondition, "COMMAND-5gunjw0cd7"),
  missing: refused(Code.NotFound, "COMMAND-5gp2p62iin"),
  to: UserState.INACTIVE,
  bySelf: ok(),
};

const reactivation: Transition = {
  event: "user.reactivated",
  from: [inactive],
  refusedFrom: [active, isLocked],
  wrongState: refused(Code.FailedPrecondition, "COMMAND-s5qqcz97hf"),
  missing: refused(Code.NotFound, "COMMAND-9hy5kzbuk6"),
  to: UserState.ACTIVE,
  // A token of a deactivated user is not valid.
  bySelf: refused(Code.Unauthenticated, "AUTH-7fs1e"),
};

const locking: Transition = {
  event: "user.locked",
  from: [active, activeMachine],
  refusedFrom: [isLocked, inactive],
  wrongState: refused(Code.FailedPrecondition, "COMMAND-lgws8wtsqf"),
  missing: refused(Code.NotFound, "COMMAND-450yxuqrh1"),
  to: UserState.LOCKED,
  bySelf: ok(),
};

const unlocking: Transition = {
  event: "user.unlocked",
  from: [isLocked],
  refusedFrom: [active, inactive],
  wrongState: refused(Code.FailedPrecondition, "COMMAND-olb9vb0oca"),
  missing: refused(Code.NotFound, "COMMAND-x377t913pw"),
  to: UserState.ACTIVE,
  // A lock that its owner can open keeps nobody out.
  bySelf: lacksPermission,
};

/** A method that does it. */
interface Form<I extends DescMessage> {
  readonly service: string;
  readonly method: DescMethodUnary<I>;
  readonly idField: string;
  readonly input: (userId: string) => MessageInitShape<I>;
}

function rowsFor<I extends DescMessage>(
  { from, refusedFrom, wrongState, missing, bySelf, ...transition }: Transition,
  { service, method, idField, input: inputOf }: Form<I>,
): readonly Scenario[] {
  const row = rowsOf(`${service} ${method.name}`, method);
  const input = ({ id }: TestUser): MessageInitShape<I> => inputOf(id);
  const [{ given: fitting }] = from;
  const effect: readonly EventType[] = [transition.event];
  return [
    ...from.map(({ name, given }) =>
      row({
        name,
        everyWay: true,
        given,
        caller: "administrator",
        input,
        expect: ok(),
        effect,
        after: (user, world) => expectUser(world, user, { state: transition.to }),
      }),
    ),
    row({
      name: "by oneself",
      given: fitting,
      caller: "self",
      input,
      expect: bySelf,
      effect: bySelf.kind === "ok" ? effect : [],
    }),
    ...(["IAM_USER_MANAGER", "IAM_LOGIN_CLIENT", "ORG_OWNER", "ORG_USER_MANAGER"] as const).map((caller) =>
      row({ name: `by ${caller}`, given: fitting, caller, input, expect: ok(), effect }),
    ),
    ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      row({ name: `by ${caller}`, given: fitting, caller, input, expect: lacksPermission }),
    ),
    ...refusedFrom.map(({ name, given }) =>
      row({ name, given, caller: "administrator", input, expect: wrongState }),
    ),
    row({ name: "nobody has the id", given: nobody, caller: "administrator", input, expect: missing }),
    row({ name: "a deleted user", given: deleted, caller: "administrator", input, expect: missing }),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => inputOf(""),
      expect: invalid(`${method.input.name}.${idField}`),
      expectOfRest: noSuchPath,
    }),
    ...authenticationRows(row, inputOf("x".repeat(201))),
  ];
}

function scenariosOf(
  service: string,
  methods: EitherService<typeof UserService, typeof BetaUserService>,
): readonly Scenario[] {
  const form = { service, idField: "user_id", input: (userId: string) => ({ userId }) };
  return [
    ...rowsFor(deactivation, { ...form, method: methods.deactivateUser }),
    ...rowsFor(reactivation, { ...form, method: methods.reactivateUser }),
    ...rowsFor(locking, { ...form, method: methods.lockUser }),
    ...rowsFor(unlocking, { ...form, method: methods.unlockUser }),
  ];
}

const resource = { service: "resources.user.v3alpha", idField: "id", input: (id: string) => ({ id }) };

export const userStates: readonly Scenario[] = [
  ...scenariosOf("user.v2", UserService.method),
  ...scenariosOf("user.v2beta", BetaUserService.method),
  ...rowsFor(deactivation, { ...resource, method: ZITADELUsers.method.deactivateUser }),
  ...rowsFor(reactivation, { ...resource, method: ZITADELUsers.method.activateUser }),
  ...rowsFor(locking, { ...resource, method: ZITADELUsers.method.lockUser }),
  ...rowsFor(unlocking, { ...resource, method: ZITADELUsers.method.unlockUser }),
];
