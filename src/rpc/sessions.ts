import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Session,
  SessionSchema,
  type UserAgent as WireUserAgent,
} from "../../gen/zitadel/session/v2/session_pb.js";
import type { SessionView } from "../app/session.ts";
import type { UserAgent } from "../domain/session-state.ts";
import { present } from "./present.ts";

/** A session as v2 shows it. */
export function v2Session({ loaded, user }: SessionView): Session {
  const { sequence, state } = loaded;
  const { user: checked, userAgent, otpSmsCheckedMs, expiresMs } = state;
  const metadata = Object.entries(state.metadata).map(
    ([key, value]) => [key, Uint8Array.from(Buffer.from(value, "base64"))] as const,
  );
  return create(SessionSchema, {
    id: state.id,
    creationDate: timestampFromMs(state.createdMs),
    changeDate: timestampFromMs(state.changedMs),
    sequence: BigInt(sequence),
    factors: checked && {
      user: {
        verifiedAt: timestampFromMs(checked.checkedMs),
        id: checked.id,
        loginName: user?.userName ?? "",
        displayName: user?.profile.displayName ?? "",
        organizationId: checked.organizationId,
      },
      otpSms: otpSmsCheckedMs === undefined ? undefined : { verifiedAt: timestampFromMs(otpSmsCheckedMs) },
    },
    metadata: Object.fromEntries(metadata),
    userAgent: userAgent && {
      ...userAgent,
      header: Object.fromEntries(
        Object.entries(userAgent.header).map(([name, values]) => [name, { values: [...values] }]),
      ),
    },
    expirationDate: expiresMs === undefined ? undefined : timestampFromMs(expiresMs),
  });
}

export function userAgentOf(userAgent: WireUserAgent | undefined): UserAgent | undefined {
  if (userAgent === undefined) return undefined;
  const { fingerprintId, ip, description, header } = userAgent;
  return {
    ...present<UserAgent>({ fingerprintId, ip, description }),
    header: Object.fromEntries(Object.entries(header).map(([name, { values }]) => [name, values])),
  };
}
