import { DeliveryService } from "../gen/ringback/delivery/v1/delivery_service_pb.js";
import { RoleService } from "../gen/ringback/role/v1/role_service_pb.js";
import { InboxService } from "../gen/ringback/inbox/v1/inbox_service_pb.js";
import { ErrorDetailSchema } from "../gen/zitadel/v1/error_pb.js";
import { TextService } from "../gen/ringback/text/v1/text_service_pb.js";
import { TokenService } from "../gen/ringback/token/v1/token_service_pb.js";
import { AdminService } from "../gen/zitadel/admin/v1/admin_service_pb.js";
import { AuthService } from "../gen/zitadel/auth/v1/auth_service_pb.js";
import { ManagementService } from "../gen/zitadel/management/v1/management_service_pb.js";
import { ZITADELUsers } from "../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { SessionService as SessionServiceV2 } from "../gen/zitadel/session/v2/session_service_pb.js";
import { SessionService as SessionServiceV2beta } from "../gen/zitadel/session/v2beta/session_service_pb.js";
import { SettingsService as SettingsServiceV2 } from "../gen/zitadel/settings/v2/settings_service_pb.js";
import { UserService as UserServiceV2 } from "../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserServiceV2beta } from "../gen/zitadel/user/v2beta/user_service_pb.js";
import { UserService as UserServiceV3alpha } from "../gen/zitadel/user/v3alpha/user_service_pb.js";
import { ensureAdministrator } from "./app/administrator.ts";
import { CodeVault } from "./app/code-vault.ts";
import type { AppContext } from "./app/context.ts";
import { Directory } from "./app/directory.ts";
import { hasInboxProvider, Inbox } from "./app/inbox.ts";
import { acceptMasterKey, lostKey, noteMasterKey, servedKeyId } from "./app/master-key.ts";
import { KeyRotation } from "./app/key-rotation.ts";
import type { SmsAccount, SmsProvider } from "./app/sms-port.ts";
import { receiptsPath, receiptUrl } from "./app/receipts.ts";
import { Repository } from "./app/repository.ts";
import { sessionKind } from "./app/session-kind.ts";
import { Settings } from "./app/settings.ts";
import type { Store } from "./app/store-port.ts";
import { userKind } from "./app/user-kind.ts";
import { createAuthenticator } from "./auth/authenticator.ts";
import { createOidcIssuer } from "./auth/oidc.ts";
import { createOwnTokens } from "./auth/own-tokens.ts";
import { roles } from "./auth/roles.ts";
import type { Config } from "./config/config.ts";
import { createCodeProviders } from "./courier/code-providers.ts";
import { Courier } from "./courier/courier.ts";
import { fallbackId, Providers } from "./courier/providers.ts";
import { accessTokenErrors } from "./domain/access-token.ts";
import { DomainError } from "./domain/errors.ts";
import { policyOf } from "./domain/policy.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { withoutDeadline } from "./lib/deadline.ts";
import { errorCode } from "./lib/error-code.ts";
import { createKey, readKey } from "./lib/key-file.ts";
import { createLog, type Log } from "./lib/log.ts";
import { secureRandomBytes } from "./lib/random.ts";
import { adminV1 } from "./rpc/admin-v1.ts";
import { authV1 } from "./rpc/auth-v1.ts";
import { deliveryV1 } from "./rpc/delivery-v1.ts";
import { errorInterceptor } from "./rpc/errors.ts";
import { createGate } from "./rpc/gate.ts";
import { inboxV1 } from "./rpc/inbox-v1.ts";
import { managementV1 } from "./rpc/management-v1.ts";
import { receiptsEndpoint } from "./rpc/receipts.ts";
import { resourcesUserV3alpha } from "./rpc/resources-user-v3alpha.ts";
import { roleV1 } from "./rpc/role-v1.ts";
import { sessionV2 } from "./rpc/session-v2.ts";
import { sessionV2beta } from "./rpc/session-v2beta.ts";
import { settingsV2 } from "./rpc/settings-v2.ts";
import { textV1 } from "./rpc/text-v1.ts";
import { tokenV1 } from "./rpc/token-v1.ts";
import { userV2 } from "./rpc/user-v2.ts";
import { userV2beta } from "./rpc/user-v2beta.ts";
import { userV3alpha } from "./rpc/user-v3alpha.ts";
import { validationInterceptor } from "./rpc/validation.ts";
import { drainSignalKey } from "./server/drain.ts";
import type { Endpoint } from "./server/endpoint.ts";
import { register } from "./server/registration.ts";
import { type RunningServer, startServer } from "./server/server.ts";
import { createSmsProvider } from "./sms/providers.ts";
import { openMemoryStore } from "./store/memory/memory-store.ts";
import { openPostgresStore } from "./store/postgres/postgres-store.ts";
import { openSqliteStore } from "./store/sqlite/sqlite-store.ts";

/** What a test may put in the place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly store?: Store;
  readonly smsProvider?: SmsProvider;
  /** False lets Connect's own router answer every RPC. */
  readonly unaryPath?: boolean;
}

/** A server that answers. */
export interface Ringback {
  /** E.g. "http://127.0.0.1:8080". */
  readonly url: string;
  readonly port: number;
  /** The administrator's token, if it was made just now: it is shown once and stored hashed. */
  readonly newAdminToken: string | undefined;
  /** Lets calls in flight finish for `graceMs`, then closes everything. */
  shutdown(graceMs: number): Promise<void>;
}

/**
 * Builds the whole house from a configuration, and starts it.
 *
 * @throws Error if the store cannot be opened or the port is taken; nothing is left running then
 */
export async function build(config: Config, overrides: Overrides = {}): Promise<Ringback> {
  const log = overrides.log ?? createLog(config.logLevel);
  const clock = overrides.clock ?? systemClock;
  const store = overrides.store ?? (await openStore(config, log));
  try {
    return await start(config, store, { ...overrides, log, clock });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The configured store, brought to the newest version. @throws Error if it cannot be opened */
export function openStore({ store }: Config, log: Log): Promise<Store> | Store {
  switch (store.kind) {
    case "memory":
      return openMemoryStore();
    case "sqlite":
      return openSqliteStore({ file: store.file, log });
    case "postgres":
      return openPostgresStore({ url: store.url, log });
  }
}

function settingsOf(config: Config, store: Store, clock: Clock): Settings {
  const { profile, defaultRegion, resend, sms } = config;
  return new Settings(policyOf(profile, defaultRegion, resend, sms.autofill), store, clock);
}

/** Makes the configured master key the one of a store whose own is lost. What that sealed stays closed. */
export async function acceptKey(config: Config, store: Store): Promise<void> {
  const masterKeys = masterKeysOf(config, undefined);
  const settings = settingsOf(config, store, systemClock);
  await acceptMasterKey(settings, new CodeVault(masterKeys, secureRandomBytes));
}

type Environment = Overrides & Required<Pick<Overrides, "log" | "clock">>;

async function start(config: Config, store: Store, environment: Environment): Promise<Ringback> {
  const { log, clock } = environment;
  const settings = settingsOf(config, store, clock);
  const masterKeys = masterKeysOf(config, await servedKeyId(settings));
  const vault = new CodeVault(masterKeys, secureRandomBytes);
  await noteMasterKey(settings, vault);
  const users = new Repository(userKind, store, clock);
  const sessions = new Repository(sessionKind, store, clock);
  const inbox = new Inbox(store.inbox, {
    isInUse: () => config.sms.kind === "inbox" || hasInboxProvider(settings),
    isShared: store.isShared === true,
  });
  const create = (account: SmsAccount): SmsProvider =>
    createSmsProvider(account, { allowPrivate: config.sms.allowPrivate, clock, inbox });
  const providers = new Providers({
    settings,
    vault,
    create,
    fallback: environment.smsProvider ?? create(configuredAccount(config)),
    clock,
    log,
  });
  const common = { users, sessions, settings, vault, clock, randomBytes: secureRandomBytes };
  const { publicUrl } = config;
  const courier = new Courier({
    ...common,
    outbox: store.outbox,
    providers,
    ...(publicUrl && { receiptUrlOf: (...of) => receiptUrl(publicUrl, ...of) }),
    log,
  });
  const rotation = new KeyRotation({ vault, settings, outbox: store.outbox, clock, log });
  const app: AppContext = {
    ...common,
    store,
    knownRoles: roles,
    codeProviders: createCodeProviders(providers, secureRandomBytes, log),
    allowPrivateSms: config.sms.allowPrivate,
    onMessage: () => withoutDeadline(() => courier.wake()),
  };
  const providerById = async (id: string) => (await providers.current()).byId.get(id)?.provider;
  const receipts =
    publicUrl === undefined
      ? undefined
      : receiptsEndpoint({ publicUrl, outbox: store.outbox, providerById, clock });
  let isPrepared = false;
  const isReady = async () => isPrepared && (await (store.isReady?.() ?? true));
  const server = await startRpc(config, app, { inbox, masterKeys, receipts, isReady }, environment).catch(
    (cause: unknown) => {
      throw listenError(config.listen, cause);
    },
  );
  const stop = async (graceMs: number): Promise<void> => {
    await server.shutdown(graceMs);
    await rotation.stop();
    await courier.stop();
    await providers.close();
  };
  // A token that is made now is shown once: not before the server has its port.
  const newAdminToken = await ensureAdministrator(app, ["IAM_OWNER"], config.adminToken).catch(
    async (cause: unknown) => {
      await stop(0);
      throw administratorError(cause);
    },
  );
  isPrepared = true;
  courier.wake();
  rotation.start();
  return {
    url: server.url,
    port: server.port,
    newAdminToken,
    async shutdown(graceMs) {
      await stop(graceMs);
      await store.close();
    },
  };
}

interface RpcParts {
  readonly inbox: Inbox;
  readonly masterKeys: readonly Uint8Array[];
  /** Undefined if providers cannot be told where it is. */
  readonly receipts: Endpoint | undefined;
  readonly isReady: () => Promise<boolean>;
}

function startRpc(
  config: Config,
  app: AppContext,
  { inbox, masterKeys, receipts, isReady }: RpcParts,
  { log, unaryPath = true }: Environment,
): Promise<RunningServer> {
  const { clock } = app;
  const ownTokens = createOwnTokens(masterKeys, clock);
  const { issuers, audiences, autoProvision } = config.oidc;
  const directory = new Directory(app);
  const authenticator = createAuthenticator({
    directory,
    clock,
    ownTokens,
    oidcIssuers: issuers.map((issuer) => createOidcIssuer({ issuer, audiences, clock, log })),
    autoProvision,
  });
  const gate = createGate({
    authenticate: (authorization) => authenticator.authenticate(authorization),
    hasOrganization: (organizationId) => directory.hasOrganization(organizationId),
    log,
  });
  return startServer({
    ...config.listen,
    services: [
      register(AuthService, authV1(app)),
      register(ManagementService, managementV1(app)),
      register(AdminService, adminV1(app)),
      register(UserServiceV2, userV2(app)),
      register(UserServiceV2beta, userV2beta(userV2(app))),
      register(SessionServiceV2, sessionV2(app)),
      register(SessionServiceV2beta, sessionV2beta(sessionV2(app))),
      register(SettingsServiceV2, settingsV2(app)),
      register(UserServiceV3alpha, userV3alpha(app)),
      register(ZITADELUsers, resourcesUserV3alpha(app)),
      register(TokenService, tokenV1(app, ownTokens)),
      register(RoleService, roleV1(app)),
      register(DeliveryService, deliveryV1(app)),
      register(TextService, textV1(app)),
      register(
        InboxService,
        inboxV1(inbox, {
          waitSignal: (context) => AbortSignal.any([context.signal, context.values.get(drainSignalKey)]),
          gate,
        }),
      ),
    ],
    requestGate: gate,
    interceptors: [errorInterceptor(), validationInterceptor()],
    errorDetails: [ErrorDetailSchema],
    // The paths of v1 are written without their prefix; the pages of auth.v1 show them like that, too.
    restPrefixes: new Map([
      [AuthService.typeName, ["/auth/v1", ""]],
      [ManagementService.typeName, ["/management/v1"]],
      [AdminService.typeName, ["/admin/v1"]],
    ]),
    corsOrigins: config.corsOrigins,
    documents: new Map([
      ["/.well-known/jwks.json", () => ownTokens.jwks()],
      ["/oauth/v2/keys", () => ownTokens.jwks()],
    ]),
    endpoints: new Map(receipts === undefined ? [] : [[receiptsPath, receipts]]),
    isReady,
    unaryPath,
    log,
  });
}

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has this port: choose one by RINGBACK_PORT",
  EACCES: "this user may not take this port: choose one from 1024 on by RINGBACK_PORT",
  EADDRNOTAVAIL: "this machine does not have the address of RINGBACK_HOST",
  ENOTFOUND: "there is no such host: see RINGBACK_HOST",
};

function listenError({ host, port }: Config["listen"], cause: unknown): unknown {
  const reason = listenReasons[errorCode(cause)];
  return reason === undefined ? cause : new Error(`cannot listen at ${host}:${port}: ${reason}`, { cause });
}

function administratorError(cause: unknown): unknown {
  const isTaken = cause instanceof DomainError && cause.refusal === accessTokenErrors.taken;
  if (!isTaken) return cause;
  return new Error("the token of RINGBACK_ADMIN_TOKEN belongs to another user already: choose another one", {
    cause,
  });
}

/** @param servedId of the key that the store was served with last; undefined if it never was */
function masterKeysOf({ masterKeys, store }: Config, servedId: string | undefined): readonly Uint8Array[] {
  if (masterKeys !== undefined) return masterKeys;
  if (store.kind !== "sqlite") return [secureRandomBytes(32)];
  const key = readKey(store.keyFile);
  if (key !== undefined) return [key];
  if (servedId === undefined) return [createKey(store.keyFile, secureRandomBytes)];
  throw new Error(`${store.keyFile} is missing: ${lostKey(servedId)}`);
}

/** The account that the configuration names. */
function configuredAccount({ sms }: Config): SmsAccount {
  const named = { id: fallbackId, description: "" };
  if (sms.kind === "inbox") return { ...named, kind: "inbox" };
  const signingKeys = sms.signingKeys.map((key) => ({ key, expiresMs: null }));
  return { ...named, kind: "http", url: sms.url, signingKeys };
}
