import { existsSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { acceptKey, build, openStore } from "../../src/build.ts";
import { type Config, readConfig } from "../../src/config/config.ts";
import { Repository } from "../../src/app/repository.ts";
import { StoreUnavailableError } from "../../src/app/store-port.ts";
import { userKind } from "../../src/app/user-kind.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { freePort } from "../support/free-port.ts";
import { createStoreFolder } from "../support/store-folder.ts";

describe("a start", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let file: string;
  beforeEach(async () => {
    folder = await createStoreFolder();
    file = join(folder.path, "ringback.db");
  });
  afterEach(() => folder.remove());

  function configOf(environment: Readonly<Record<string, string>> = {}): Config {
    return readConfig({ RINGBACK_STORE: `sqlite:${file}`, RINGBACK_PORT: "0", ...environment });
  }

  /** Starts, and stops at once. @returns the token that was made */
  async function start(environment: Readonly<Record<string, string>> = {}): Promise<string | undefined> {
    const server = await build(configOf(environment), { log: silentLog });
    await server.shutdown(0);
    return server.newAdminToken;
  }

  /** What a server answers to whoever calls with a token. */
  async function statusFor(url: string, token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${url}/v2/users/administrator`, { headers })).status;
  }

  const newKey = (): string => randomBytes(32).toString("base64");
  const keys = (...all: readonly string[]) => ({ RINGBACK_MASTER_KEY: all.join(",") });

  it("shows the administrator's token once it has its port, and not before", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    await expect(start({ RINGBACK_PORT: String(port) })).rejects.toThrow(
      `127.0.0.1:${port}: another program has this port`,
    );
    other.close();
    expect(await start()).toMatch(/./);
    expect(await start()).toBeUndefined();
  });

  it("of two at the same time on one store shows one token, which works at both", async () => {
    const store = openMemoryStore();
    const commit = store.commit.bind(store);
    let arrived = 0;
    const bothArrived = Promise.withResolvers<void>();
    store.commit = async (writes) => {
      if (writes.aggregate.type !== "user") return commit(writes);
      arrived += 1;
      if (arrived === 2) bothArrived.resolve();
      await bothArrived.promise;
      return commit(writes);
    };
    const config = configOf(keys(newKey()));
    const servers = await Promise.all([1, 2].map(() => build(config, { log: silentLog, store })));
    const statuses = servers.flatMap(({ newAdminToken }) =>
      newAdminToken === undefined ? [] : servers.map(({ url }) => statusFor(url, newAdminToken)),
    );
    expect(await Promise.all(statuses)).toEqual([200, 200]);
    await Promise.all(servers.map((server) => server.shutdown(0)));
  });

  it("is not ready before the administrator can call", async () => {
    const port = await freePort();
    const store = openMemoryStore();
    const commit = store.commit.bind(store);
    const gate = Promise.withResolvers<void>();
    store.commit = async (writes) => {
      if (writes.aggregate.type === "user") await gate.promise;
      return commit(writes);
    };
    const starting = build(configOf({ RINGBACK_PORT: String(port) }), { log: silentLog, store });
    const readyz = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    const listening = async (): Promise<number> => readyz().catch(listening);
    expect(await listening()).toBe(503);
    gate.resolve();
    const server = await starting;
    expect(await readyz()).toBe(200);
    await server.shutdown(0);
  });

  it("leaves nothing running where the administrator cannot be prepared", async () => {
    const store = openMemoryStore();
    const commit = store.commit.bind(store);
    store.commit = async (writes) => {
      if (writes.aggregate.type === "user") throw new StoreUnavailableError("the disk is full");
      return commit(writes);
    };
    const port = await freePort();
    const config = configOf({ RINGBACK_PORT: String(port) });
    await expect(build(config, { log: silentLog, store })).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${port}/readyz`)).rejects.toThrow();
  });

  it("makes no token where the administrator was deleted", async () => {
    await start();
    const store = await openStore(configOf(), silentLog);
    const users = new Repository(userKind, store, systemClock);
    await users.execute("administrator", () => ({ events: [{ type: "user.removed", data: {} }] }));
    await store.close();
    expect(await start()).toBeUndefined();
  });

  it("does not make a new key where the key file is missing", async () => {
    await start();
    await rename(`${file}.key`, `${file}.kept`);
    await expect(start()).rejects.toThrow(`${file}.key is missing`);
    expect(existsSync(`${file}.key`)).toBe(false);
    await rename(`${file}.kept`, `${file}.key`);
    await start();
  });

  it("needs the master key of before, beside a new one or alone", async () => {
    const [first, second] = [newKey(), newKey()];
    await start(keys(first));
    await expect(start(keys(second))).rejects.toThrow("which is not among those of this server");
    await start(keys(first, second));
    await start(keys(second, first));
    await expect(start(keys(first))).rejects.toThrow("which is not among those of this server");
    await start(keys(second));
  });

  it("takes the key file for the key of before", async () => {
    await start();
    const key = (await readFile(`${file}.key`, "utf8")).trim();
    await start(keys(newKey(), key));
    await expect(start()).rejects.toThrow("which is not among those of this server");
  });

  it("takes another key once it is said that the one of before is lost", async () => {
    await start();
    await rm(`${file}.key`);
    const config = configOf();
    const store = await openStore(config, silentLog);
    await acceptKey(config, store);
    await store.close();
    await start();
  });
});
