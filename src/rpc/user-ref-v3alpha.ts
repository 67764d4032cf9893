import type { Instance, Organization } from "../../gen/zitadel/object/v3alpha/object_pb.js";
import type { UserRef } from "../app/context.ts";
import { oneInstance, refuseField, refusePresent } from "./refused-fields.ts";

/** Where a request of the resource API looks. */
export interface Place {
  readonly instance?: Instance | undefined;
  readonly organization?: Organization | undefined;
}

/** The user that a request of the resource API is about. @throws DomainError as `organizationIn` does */
export function userRefOf(request: Place & { readonly id: string }): UserRef {
  return { userId: request.id, organizationId: organizationIn(request) };
}

/**
 * @returns undefined where none is named
 * @throws DomainError if an instance is named, or an organization by its domain
 */
export function organizationIn({ instance, organization }: Place): string | undefined {
  refusePresent({ instance }, oneInstance);
  const named = organization?.property;
  if (named?.case === "orgDomain") refuseField("organization.org_domain", "use organization.org_id");
  return named?.value;
}
