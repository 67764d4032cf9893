import { create } from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { TimestampFilter } from "../../gen/zitadel/filter/v2/filter_pb.js";
import {
  PersonalAccessTokenFieldName,
  type PersonalAccessTokensSearchFilter,
} from "../../gen/zitadel/user/v2/personal_access_token_pb.js";
import {
  AddPersonalAccessTokenResponseSchema,
  ListPersonalAccessTokensResponseSchema,
  RemovePersonalAccessTokenResponseSchema,
  type UserService,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import {
  type AccessTokenView,
  addAccessToken,
  listAccessTokens,
  removeAccessToken,
} from "../app/access-token.ts";
import type { AppContext } from "../app/context.ts";
import type { Condition, UserRecord } from "../app/search.ts";
import { compareValues } from "../lib/value-order.ts";
import { callerOf } from "./gate.ts";
import { cut, pageOf } from "./paging.ts";
import { boundedTimestampMs } from "./timestamps.ts";
import { oneOf } from "./user-queries.ts";

type Methods = Pick<
  ServiceImpl<typeof UserService>,
  "addPersonalAccessToken" | "removePersonalAccessToken" | "listPersonalAccessTokens"
>;

/** zitadel.user.v2.UserService: access tokens of machine users. */
export function accessTokensV2(app: AppContext): Methods {
  return {
    async addPersonalAccessToken({ userId, expirationDate }, context) {
      // The contract requires it: one that is left out is the epoch, and long over.
      const expiresMs = boundedTimestampMs("expiration_date", expirationDate ?? create(TimestampSchema));
      const { tokenId, token, createdMs } = await addAccessToken(app, callerOf(context), {
        userId,
        expiresMs,
      });
      return create(AddPersonalAccessTokenResponseSchema, {
        creationDate: timestampFromMs(createdMs),
        tokenId,
        token,
      });
    },

    async removePersonalAccessToken({ userId, tokenId }, context) {
      const removedMs = await removeAccessToken(app, callerOf(context), { userId, tokenId });
      return create(RemovePersonalAccessTokenResponseSchema, { deletionDate: timestampFromMs(removedMs) });
    },

    async listPersonalAccessTokens({ filters, sortingColumn, pagination }, context) {
      const page = pageOf(pagination, "pagination");
      const tests = filters.map(testOf);
      const found = await listAccessTokens(app, callerOf(context), filters.flatMap(userConditions));
      const matching = found.filter((token) => tests.every((test) => test(token)));
      const ordered = matching.toSorted((a, b) => compare(a, b, sortingColumn));
      const sorted = pagination?.asc === true ? ordered : ordered.toReversed();
      return create(ListPersonalAccessTokensResponseSchema, {
        pagination: { totalResult: BigInt(sorted.length), appliedLimit: BigInt(page.limit) },
        result: cut(sorted, page).map(({ id, userId, organizationId, createdMs, expiresMs }) => ({
          id,
          userId,
          organizationId,
          creationDate: timestampFromMs(createdMs),
          changeDate: timestampFromMs(createdMs),
          expirationDate: expiresMs === null ? undefined : timestampFromMs(expiresMs),
        })),
      });
    },
  };
}

/** What can be asked of the users already. */
function userConditions({ filter }: PersonalAccessTokensSearchFilter): readonly Condition<UserRecord>[] {
  switch (filter.case) {
    case "userIdFilter":
      return [oneOf("id", [filter.value.id])];
    case "organizationIdFilter":
      return [oneOf("organizationId", [filter.value.id])];
    default:
      return [];
  }
}

type Test<T> = (value: T) => boolean;

/** @throws DomainError for a time that is none */
function testOf({ filter }: PersonalAccessTokensSearchFilter): Test<AccessTokenView> {
  switch (filter.case) {
    case "tokenIdFilter": {
      const wanted = filter.value.id;
      return ({ id }) => id === wanted;
    }
    case "createdDateFilter": {
      const isWithin = timeTestOf("created_date_filter", filter.value);
      return ({ createdMs }) => isWithin(createdMs);
    }
    case "expirationDateFilter": {
      const isWithin = timeTestOf("expiration_date_filter", filter.value);
      return ({ expiresMs }) => expiresMs !== null && isWithin(expiresMs);
    }
    default:
      return () => true;
  }
}

/** By the numbers of the enum TimestampFilterMethod. */
const comparisons: readonly ((difference: number) => boolean)[] = [
  (difference) => difference === 0,
  (difference) => difference > 0,
  (difference) => difference >= 0,
  (difference) => difference < 0,
  (difference) => difference <= 0,
];

function timeTestOf(field: string, { timestamp, method }: TimestampFilter): Test<number> {
  const limitMs = timestamp === undefined ? 0 : boundedTimestampMs(`filters.${field}.timestamp`, timestamp);
  return (ms) => comparisons[method]?.(ms - limitMs) ?? false;
}

function compare(
  a: AccessTokenView,
  b: AccessTokenView,
  column: PersonalAccessTokenFieldName | undefined,
): number {
  switch (column) {
    case PersonalAccessTokenFieldName.ID:
      return compareValues(a.id, b.id);
    case PersonalAccessTokenFieldName.USER_ID:
      return compareValues(a.userId, b.userId);
    case PersonalAccessTokenFieldName.ORGANIZATION_ID:
      return compareValues(a.organizationId, b.organizationId);
    case PersonalAccessTokenFieldName.EXPIRATION_DATE:
      return (a.expiresMs ?? Infinity) - (b.expiresMs ?? Infinity);
    default:
      return a.createdMs - b.createdMs;
  }
}
