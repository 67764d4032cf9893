import { expect, it } from "@jest/globals";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { auditFile, waitingMessages } from "../support/crash-audit.ts";
import { createChance } from "../support/crash-chance.ts";
import { Load } from "../support/crash-load.ts";
import { startReceiver } from "../support/crash-receiver.ts";
import { ServerProcess, signingKey } from "../support/crash-server.ts";
import { createStoreFolder } from "../support/store-folder.ts";

const kills = 20;
const callers = 8;
/** Far more than a call takes: no call ends by it. */
const callMs = 20_000;
/** A server starts in about 0.7 s. */
const startMs = 700;
/** Well below the lease of a message: what a killed server had in its hands is sent at once by the next one. */
const sendingMs = 15_000;

const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

it(`a server that is killed ${kills} times under load keeps its word (CRASH_SEED=${seed})`, async () => {
  const chance = createChance(seed);
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const receiver = await startReceiver({
    signingKey,
    async answer() {
      await wait(chance.integer(0, 20)); // so that kills fall between sending and recording, too
      return chance.integer(1, 20) === 1 ? 503 : 204;
    },
  });
  const load = new Load({ callers, callMs, chance, receiver });
  const { calls, tally } = load;
  const { taken } = receiver;
  let server: ServerProcess | undefined;
  try {
    for (let kill = 1; kill <= kills; kill += 1) {
      server = new ServerProcess({ file, webhook: receiver.url });
      if (kill % 5 === 0) await wait(chance.integer(0, startMs));
      else {
        const url = await server.url();
        const goal = tally.done + chance.integer(1, 400);
        const running = load.run(() => [url]);
        await load.until(({ done }) => done >= goal);
        await wait(chance.integer(0, 20));
        load.stop();
        await server.signal("SIGKILL");
        await running;
      }
      await server.signal("SIGKILL");
      expect(await auditFile(file, { calls, taken, messagesMayWait: true })).toEqual([]);
    }

    server = new ServerProcess({ file, webhook: receiver.url });
    await server.url();
    const deadline = AbortSignal.timeout(sendingMs);
    while (waitingMessages(file) > 0) await wait(20, undefined, { signal: deadline });
    expect(await server.signal("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await auditFile(file, { calls, taken, messagesMayWait: false })).toEqual([]);
    expect(receiver.complaints).toEqual([]);
    expect(tally).toMatchObject({ unavailable: 0, unreachable: 0 });
    expect(tally.done).toBeGreaterThan(kills * 20);
    expect(tally.unknown).toBeGreaterThan(kills);
    expect(taken.size).toBeGreaterThan(kills * 5);
  } finally {
    await server?.signal("SIGKILL");
    await receiver.close();
    await folder.remove();
  }
}, 120_000);
