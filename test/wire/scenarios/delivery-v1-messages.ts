import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { DeliveryService, MessageState } from "../../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { machine, minuteMs, nobody, withSentCode } from "./givens.ts";
import { invalid, noSuchPath, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { time } from "./settings-json.ts";

/** ringback.delivery.v1.DeliveryService: messages. */

const { method } = DeliveryService;

/** Greater than every state. */
const beyond: number = 7;

interface WithMessages extends TestUser {
  /** The newest first. */
  readonly ids: readonly string[];
}

async function withMessages(world: World, count: number): Promise<WithMessages> {
  const user = await withSentCode(world);
  for (let more = 1; more < count; more++) {
    world.clock.ms += minuteMs;
    await world.asAdmin(UserService.method.resendPhoneCode, {
      userId: user.id,
      verification: { case: "sendCode", value: {} },
    });
  }
  const { messages } = await world.asAdmin(method.listMessages, { userId: user.id });
  return { ...user, ids: messages.map(({ id }) => id) };
}

const withOne = (world: World): Promise<WithMessages> => withMessages(world, 1);
const withThree = (world: World): Promise<WithMessages> => withMessages(world, 3);

/** It went to the inbox at once. */
const sentTo = ({ id: userId, number: recipient, ids }: WithMessages, { clock }: World): unknown => ({
  id: ids[0],
  userId,
  recipient,
  purpose: "PURPOSE_VERIFY_PHONE",
  state: "MESSAGE_STATE_SENT",
  createTime: time(clock.ms),
  settleTime: time(clock.ms),
  expireTime: expect.any(String),
  providerId: "default",
  encoding: "ENCODING_GSM7",
  segments: 1,
  attempts: [
    {
      providerId: "default",
      startTime: time(clock.ms),
      endTime: time(clock.ms),
      outcome: "ATTEMPT_OUTCOME_SENT",
    },
  ],
});

const listing = rowsOf("delivery.v1 ListMessages", method.listMessages);
const getting = rowsOf("delivery.v1 GetMessage", method.getMessage);
const withIds = (ids: readonly (string | undefined)[]): unknown[] =>
  ids.map((id) => expect.objectContaining({ id }));

export const deliveryV1Messages: readonly Scenario[] = [
  listing({
    name: "of a user",
    everyWay: true,
    given: withOne,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: (given, world) => ok({ messages: [sentTo(given, world)] }),
  }),
  listing({
    name: "to a number in a state, the newest first",
    given: withThree,
    caller: "IAM_OWNER",
    input: ({ number, id }) => ({ recipient: number, userId: id, state: MessageState.SENT }),
    expect: ({ ids }) => ok({ messages: withIds(ids) }),
  }),
  listing({
    name: "in another state",
    given: withOne,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, state: MessageState.DEAD }),
    expect: ok(),
  }),
  listing({
    name: "a page, and where the next one begins",
    given: withThree,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, pageSize: 2 }),
    expect: ({ ids }) =>
      ok({ messages: withIds(ids.slice(0, 2)), nextPageToken: expect.stringMatching(/^[0-9]+$/) }),
    after: async ({ id, ids }, world, { nextPageToken }) => {
      const rest = { userId: id, pageSize: 2, pageToken: String(nextPageToken) };
      const { messages, nextPageToken: end } = await world.asAdmin(method.listMessages, rest);
      expect(messages.map((message) => message.id)).toEqual(ids.slice(2));
      expect(end).toBe("");
    },
  }),
  listing({
    name: "no message",
    given: nobody,
    caller: "administrator",
    input: ({ number }) => ({ recipient: number }),
    expect: ok(),
  }),
  ...(
    [
      ["user_id", { userId: "x".repeat(201) }],
      ["recipient", { recipient: "1".repeat(201) }],
      ["state", { state: beyond }],
      ["page_size", { pageSize: 101 }],
      ["page_token", { pageToken: "next" }],
    ] as const
  ).map(([field, input]) =>
    listing({
      name: `a bad ${field}`,
      given: machine,
      caller: "administrator",
      input: () => input,
      expect: invalid(`ListMessagesRequest.${field}`),
    }),
  ),
  ...permissionRows(listing, { pageSize: 101 }, "IAM_USER_MANAGER"),

  getting({
    name: "one that was sent",
    everyWay: true,
    given: withOne,
    caller: "administrator",
    input: ({ ids }) => ({ id: ids[0] ?? "" }),
    expect: (given, world) => ok({ message: sentTo(given, world) }),
  }),
  getting({
    name: "one that is not there",
    given: machine,
    caller: "administrator",
    input: () => ({ id: "constructor" }),
    expect: refused(Code.NotFound, "SMS-m0Mis"),
  }),
  getting({
    name: "an empty id",
    given: machine,
    caller: "administrator",
    input: () => ({ id: "" }),
    expect: invalid("GetMessageRequest.id"),
    expectOfRest: noSuchPath,
  }),
  ...permissionRows(getting, { id: "x".repeat(201) }, "IAM_USER_MANAGER"),
];
