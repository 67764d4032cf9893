import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { permission as permissionOption } from "../../gen/ringback/options/v1/options_pb.js";
import type { UserRef } from "../app/context.ts";
import { type Caller, type Permission, permissions } from "../app/auth-port.ts";
import { requirePermission } from "../app/permissions.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { AuthenticationError } from "../auth/authentication-error.ts";
import type { Log } from "../lib/log.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { toWireError } from "./errors.ts";
import { acceptedLanguages, languagesKey, languagesOf } from "./languages.ts";

const callerKey = createContextKey<Caller | undefined>(undefined, { description: "who calls" });

/** Who calls. Every method but those with the permission "none" has a caller. */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  const caller = context.values.get(callerKey);
  if (caller === undefined) throw new Error("a method without authentication asked who calls");
  return caller;
}

const organizationKey = createContextKey("", { description: "the organization that a call is about" });

/** The organization of the header `x-zitadel-orgid`; the caller's own without one. */
export function organizationOf(context: Pick<HandlerContext, "values">): string {
  return context.values.get(organizationKey);
}

/**
 * The organization whose policies are read: the one that a request names, else the one that the call is about.
 *
 * @param named empty if none is
 * @throws DomainError if the caller may not read those of the one that is named
 */
export function policyOrganizationOf(context: Pick<HandlerContext, "values">, named: string): string {
  if (named === "") return organizationOf(context);
  requirePermission(callerOf(context), "policy.read", named);
  return named;
}

/** A user of the organization that the call is about. */
export function userIn(context: Pick<HandlerContext, "values">, userId: string): UserRef {
  return { userId, organizationId: organizationOf(context) };
}

export interface GateOptions {
  /** Tells who calls. @throws AuthenticationError if that is not known */
  readonly authenticate: (authorization: string | null) => MaybePromise<Caller>;
  readonly hasOrganization: (organizationId: string) => Promise<boolean>;
  readonly log: Log;
}

// NotFound with the sentence of a missing permission: so ZITADEL answers who has no membership, here a role.
const noMembership = refusal("not_found", "AUTHZ-cdgFk", "Errors.Caller.PermissionDenied");
const organizationUnknown = refusal("permission_denied", "AUTH-Bs7Ds", "Errors.Organization.NotFound");
const permissionMissing = refusal("permission_denied", "AUTH-5mWD2", "Errors.Caller.PermissionDenied");

/**
 * Runs before the body of a call is read: who calls, and whether they may call this method at all.
 * So a bad request without a token is Unauthenticated, not InvalidArgument. Done at once where everything is
 * at hand.
 */
export function createGate(options: GateOptions): (context: HandlerContext) => MaybePromise<void> {
  const neededBy = new Map<DescMethod, string>();

  /** What the contract says of the method. */
  function neededFor(method: DescMethod): string {
    let needed = neededBy.get(method);
    if (needed === undefined) neededBy.set(method, (needed = getOption(method, permissionOption)));
    return needed;
  }

  function pass(context: HandlerContext, needed: string): MaybePromise<void> {
    const { requestHeader, values } = context;
    return chain(options.authenticate(requestHeader.get("authorization")), (caller) => {
      values.set(callerKey, caller);
      const { preferredLanguage } = caller;
      if (preferredLanguage !== "") values.set(languagesKey, [preferredLanguage, ...languagesOf(context)]);
      const named = requestHeader.get("x-zitadel-orgid") || caller.organizationId;
      const isKnown = named === caller.organizationId || options.hasOrganization(named);
      return chain(isKnown, (known) => {
        if (!known) throw new DomainError(organizationUnknown);
        values.set(organizationKey, named);
        requireOption(caller, needed, named, context.method.name);
      });
    });
  }

  function refuse(context: HandlerContext, error: unknown): never {
    const isInvalid = error instanceof AuthenticationError && error.kind === "invalid";
    // The caller is told no more than that; whoever sets up an issuer has to learn why.
    if (isInvalid) options.log.debug("a token was refused", { reason: error.message });
    const known = error instanceof AuthenticationError ? notAuthenticated(error) : error;
    const wire = toWireError(known, languagesOf(context));
    if (wire instanceof ConnectError && wire.code === Code.Unauthenticated) {
      // HTTP wants it in every 401 (RFC 9110 section 15.5.2, RFC 6750 section 3).
      wire.metadata.set("www-authenticate", isInvalid ? 'Bearer error="invalid_token"' : "Bearer");
    }
    throw wire;
  }

  return (context) => {
    // Also if there are none: a call that passes again has those of the first time.
    context.values.set(languagesKey, acceptedLanguages(context.requestHeader.get("accept-language")));
    const needed = neededFor(context.method);
    if (needed === "none") return;
    try {
      const passed = pass(context, needed);
      return passed instanceof Promise ? passed.catch((error: unknown) => refuse(context, error)) : passed;
    } catch (error) {
      return refuse(context, error);
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

function requireOption(caller: Caller, needed: string, organizationId: string, method: string): void {
  if (needed === "authenticated") return;
  if (!isPermission(needed)) {
    throw new ConnectError(`the method ${method} names no permission`, Code.Internal);
  }
  if (!caller.hasRoles) throw new DomainError(noMembership, { permission: needed });
  if (!caller.may(needed, organizationId)) throw new DomainError(permissionMissing, { permission: needed });
}

function isPermission(text: string): text is Permission {
  return permissions.some((permission) => permission === text);
}
