import fc from "fast-check";
import type { Store } from "../../src/app/store-port.ts";
import { RandomCommands } from "./random-commands.ts";
import { connectProto } from "./wire-protocols.ts";
import { adminToken, openWorld } from "./wire-world.ts";

const stepMsMax = 20_000;

/**
 * Gives commands to a server on the store until so many were accepted, and shuts the server down; the store stays
 * open.
 */
export async function giveCommands(
  store: Store,
  acceptedMax: number,
  draw: fc.GeneratorValue,
): Promise<void> {
  const world = await openWorld("safe", { store, keepStoreOpen: true });
  const protocol = connectProto(world.url);
  const headers = { authorization: `Bearer ${adminToken}` };
  const commands = new RandomCommands(draw, async (method, input) => {
    const { result } = await protocol.call(method, input, headers);
    return "error" in result ? undefined : result.message;
  });
  for (let accepted = 0; accepted < acceptedMax;) {
    world.clock.ms += draw(fc.nat, stepMsMax);
    if (await commands.next()) accepted += 1;
  }
  protocol.close();
  await world.close();
}
