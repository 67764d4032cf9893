import { getOption } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { permission as permissionOption } from "../../gen/ringback/options/v1/options_pb.js";
import { type Caller, type Permission, permissions } from "../app/ports.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { AuthenticationError } from "../auth/authentication-error.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import { toWireError } from "./errors.ts";

const callerKey = createContextKey<Caller | undefined>(undefined, { description: "who calls" });

/** Who calls. Every method but those with the permission "none" has a caller. */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  const caller = context.values.get(callerKey);
  if (caller === undefined) throw new Error("a method without authentication asked who calls");
  return caller;
}

/** Tells who calls. @throws AuthenticationError if that is not known */
export type Authenticate = (authorization: string | null) => MaybePromise<Caller>;

// A caller without any role is not told that there is something to be allowed.
const noMembership = refusal("not_found", "AUTHZ-cdgFk", "Errors.Caller.PermissionDenied");
const permissionMissing = refusal("permission_denied", "AUTH-5mWD2", "Errors.Caller.PermissionDenied");

/**
 * Runs before the body of a call is read: who calls, and whether they may call this method at all.
 * So a bad request without a token is Unauthenticated, not InvalidArgument.
 */
export function createGate(authenticate: Authenticate): (context: HandlerContext) => Promise<void> {
  return async (context) => {
    const needed = getOption(context.method, permissionOption);
    if (needed === "none") return;
    try {
      const found = authenticate(context.requestHeader.get("authorization"));
      const caller = found instanceof Promise ? await found : found;
      requireOption(caller, needed, context.method.name);
      context.values.set(callerKey, caller);
    } catch (error) {
      throw toWireError(error instanceof AuthenticationError ? notAuthenticated(error) : error);
    }
  };
}

const tokenInvalid = refusal("unauthenticated", "AUTH-7fs1e", "Errors.Token.Invalid");
const issuerUnavailable = refusal("unavailable", "AUTH-u3Iss", "Errors.Token.IssuerUnavailable");

function notAuthenticated(error: AuthenticationError): Error {
  switch (error.kind) {
    case "missing":
      return new ConnectError(error.message, Code.Unauthenticated);
    case "invalid":
      return new DomainError(tokenInvalid, {}, error);
    case "unavailable":
      return new DomainError(issuerUnavailable, {}, error);
  }
}

function requireOption(caller: Caller, needed: string, method: string): void {
  if (needed === "authenticated") return;
  if (!isPermission(needed)) {
    throw new ConnectError(`the method ${method} names no permission`, Code.Internal);
  }
  if (!caller.hasRoles) throw new DomainError(noMembership, { permission: needed });
  if (!caller.may(needed)) throw new DomainError(permissionMissing, { permission: needed });
}

function isPermission(text: string): text is Permission {
  return permissions.some((permission) => permission === text);
}
