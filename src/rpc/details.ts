import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OwnerType } from "../../gen/zitadel/object/v3alpha/object_pb.js";
import {
  DetailsSchema as V2Schema,
  type Details as V2Details,
  ListDetailsSchema as V2ListSchema,
  type ListDetails as V2ListDetails,
} from "../../gen/zitadel/object/v2/object_pb.js";
import {
  DetailsSchema as V3Schema,
  type Details as V3Details,
  ListDetailsSchema as V3ListSchema,
  type ListDetails as V3ListDetails,
} from "../../gen/zitadel/resources/object/v3alpha/object_pb.js";
import {
  ListDetailsSchema,
  type ListDetails,
  ObjectDetailsSchema,
  type ObjectDetails,
} from "../../gen/zitadel/v1/object_pb.js";
import type { Details } from "../app/details.ts";

/** The `details` of each generation. A change tells no creation date; a read tells both dates. */

/** In v1 and v2. */
function changeFields({ sequence, changedMs, resourceOwner }: Details) {
  return { sequence: BigInt(sequence), changeDate: timestampFromMs(changedMs), resourceOwner };
}

function viewFields(details: Details) {
  return { ...changeFields(details), creationDate: timestampFromMs(details.createdMs) };
}

export function v1ViewDetails(details: Details): ObjectDetails {
  return create(ObjectDetailsSchema, viewFields(details));
}

export function v1ChangeDetails(details: Details): ObjectDetails {
  return create(ObjectDetailsSchema, changeFields(details));
}

/** v1 adds tell the time of the event as the creation date, and no change date. */
export function v1AddDetails(details: Details): ObjectDetails {
  const { changeDate: creationDate, ...others } = changeFields(details);
  return create(ObjectDetailsSchema, { ...others, creationDate });
}

export function v2ViewDetails(details: Details): V2Details {
  return create(V2Schema, viewFields(details));
}

export function v2ChangeDetails(details: Details): V2Details {
  return create(V2Schema, changeFields(details));
}

/** @param id of the user */
export function v3Details(id: string, details: Details): V3Details {
  return create(V3Schema, {
    id,
    created: timestampFromMs(details.createdMs),
    changed: timestampFromMs(details.changedMs),
    owner: { type: OwnerType.ORG, id: details.resourceOwner },
  });
}

/** A list, as a whole. */
interface List {
  readonly total: number;
  readonly atMs: number;
}

export function v1ListDetails({ total, atMs }: List): ListDetails {
  return create(ListDetailsSchema, { totalResult: BigInt(total), viewTimestamp: timestampFromMs(atMs) });
}

export function v2ListDetails({ total, atMs }: List): V2ListDetails {
  return create(V2ListSchema, { totalResult: BigInt(total), timestamp: timestampFromMs(atMs) });
}

export function v3ListDetails({ total, atMs }: List, limit: number): V3ListDetails {
  return create(V3ListSchema, {
    appliedLimit: BigInt(limit),
    totalResult: BigInt(total),
    timestamp: timestampFromMs(atMs),
  });
}

/** A v1 view of a setting. What is built in has no history. */
export function v1SettingDetails(details: Details): ObjectDetails {
  return details.sequence === 0
    ? create(ObjectDetailsSchema, { resourceOwner: details.resourceOwner })
    : v1ViewDetails(details);
}

/** As above, for v2. */
export function v2SettingDetails(details: Details): V2Details {
  return details.sequence === 0
    ? create(V2Schema, { resourceOwner: details.resourceOwner })
    : v2ViewDetails(details);
}
