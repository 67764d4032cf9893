import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  CreateTokenResponseSchema,
  type TokenService,
} from "../../gen/ringback/token/v1/token_service_pb.js";
import type { AppContext } from "../app/context.ts";
import type { TokenMinter } from "../app/auth-port.ts";
import { createToken } from "../app/token.ts";
import { callerOf } from "./gate.ts";

const lifetimeSecondsDefault = 15 * 60;

/** ringback.token.v1.TokenService. */
export function tokenV1(app: AppContext, minter: TokenMinter): ServiceImpl<typeof TokenService> {
  return {
    async createToken(request, context) {
      const lifetimeSeconds =
        request.lifetime === undefined
          ? lifetimeSecondsDefault
          : Math.floor(durationMs(request.lifetime) / 1000);
      const command = { userId: request.userId, lifetimeSeconds };
      const { token, expireMs } = await createToken(app, minter, callerOf(context), command);
      return create(CreateTokenResponseSchema, { token, expireTime: timestampFromMs(expireMs) });
    },
  };
}
