import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OwnerType } from "../../gen/zitadel/object/v3alpha/object_pb.js";
import {
  DetailsSchema as V2Schema,
  type Details as V2Details,
} from "../../gen/zitadel/object/v2/object_pb.js";
import {
  DetailsSchema as V3Schema,
  type Details as V3Details,
} from "../../gen/zitadel/resources/object/v3alpha/object_pb.js";
import { ObjectDetailsSchema, type ObjectDetails } from "../../gen/zitadel/v1/object_pb.js";
import type { Details } from "../app/context.ts";

/** The `details` of each generation. A change tells no creation date; a read tells both dates. */

export function v1ViewDetails(details: Details): ObjectDetails {
  return create(ObjectDetailsSchema, {
    sequence: BigInt(details.sequence),
    creationDate: timestampFromMs(details.createdMs),
    changeDate: timestampFromMs(details.changedMs),
    resourceOwner: details.resourceOwner,
  });
}

export function v1ChangeDetails(details: Details): ObjectDetails {
  return create(ObjectDetailsSchema, {
    sequence: BigInt(details.sequence),
    changeDate: timestampFromMs(details.changedMs),
    resourceOwner: details.resourceOwner,
  });
}

export function v2ViewDetails(details: Details): V2Details {
  return create(V2Schema, {
    sequence: BigInt(details.sequence),
    creationDate: timestampFromMs(details.createdMs),
    changeDate: timestampFromMs(details.changedMs),
    resourceOwner: details.resourceOwner,
  });
}

export function v2ChangeDetails(details: Details): V2Details {
  return create(V2Schema, {
    sequence: BigInt(details.sequence),
    changeDate: timestampFromMs(details.changedMs),
    resourceOwner: details.resourceOwner,
  });
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
