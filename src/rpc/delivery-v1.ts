import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AddProviderResponseSchema,
  ChangeProviderResponseSchema,
  type DeliveryService,
  GetMessageResponseSchema,
  GetProviderResponseSchema,
  GetRoutesResponseSchema,
  ListMessagesResponseSchema,
  ListProvidersResponseSchema,
  RouteSchema,
  SetRoutesResponseSchema,
} from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import type { AppContext } from "../app/context.ts";
import { getMessage, listMessages } from "../app/messages.ts";
import { getRoutes, setRoutes } from "../app/routes.ts";
import { addSmsProvider, changeSmsProvider, getSmsProvider, listSmsProviders } from "../app/sms-provider.ts";
import { stateOf, wireMessage } from "./delivery-messages.ts";
import { inputOf, wireProvider } from "./delivery-providers.ts";
import { languagesOf } from "./languages.ts";

const pageSizeDefault = 20;

/** ringback.delivery.v1.DeliveryService. */
export function deliveryV1(app: AppContext): ServiceImpl<typeof DeliveryService> {
  return {
    async addProvider({ description, config }) {
      const { id, signingKey } = await addSmsProvider(app, inputOf(description, config));
      return create(AddProviderResponseSchema, { id, signingKey });
    },

    async changeProvider({ id, description, config }) {
      const { changedMs } = await changeSmsProvider(app, id, inputOf(description, config));
      return create(ChangeProviderResponseSchema, { changeTime: timestampFromMs(changedMs) });
    },

    async getProvider({ id }) {
      return create(GetProviderResponseSchema, { provider: wireProvider(await getSmsProvider(app, id)) });
    },

    async listProviders() {
      const providers = (await listSmsProviders(app)).map(wireProvider);
      return create(ListProvidersResponseSchema, { providers });
    },

    async setRoutes({ routes }) {
      const command = routes.map(({ countries, targets }) => ({
        countries,
        targets: targets.map(({ providerId, weight, step }) => ({ providerId, weight, step })),
      }));
      return create(SetRoutesResponseSchema, changeTimeOf(await setRoutes(app, command)));
    },

    async getRoutes() {
      const found = await getRoutes(app);
      const routes = (found?.value ?? []).map(({ countries, targets }) =>
        create(RouteSchema, { countries: [...countries], targets: [...targets] }),
      );
      return create(GetRoutesResponseSchema, { routes, ...changeTimeOf(found) });
    },

    async listMessages({ userId, recipient, state, pageSize, pageToken }, context) {
      const stateAsked = stateOf(state);
      const { messages, next } = await listMessages(app, {
        ...(userId === "" ? {} : { userId }),
        ...(recipient === "" ? {} : { recipient }),
        ...(stateAsked === undefined ? {} : { state: stateAsked }),
        ...(pageToken === "" ? {} : { beforeNumber: Number(pageToken) }),
        limit: pageSize || pageSizeDefault,
      });
      return create(ListMessagesResponseSchema, {
        messages: messages.map((each) => wireMessage(each, languagesOf(context))),
        nextPageToken: next === undefined ? "" : String(next),
      });
    },

    async getMessage({ id }, context) {
      const message = wireMessage(await getMessage(app, id), languagesOf(context));
      return create(GetMessageResponseSchema, { message });
    },
  };
}

/** Unset for what was never set. */
function changeTimeOf(found: { readonly changedMs: number } | undefined): { changeTime?: Timestamp } {
  return found === undefined ? {} : { changeTime: timestampFromMs(found.changedMs) };
}
