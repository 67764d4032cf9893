import type { CodeVault } from "./code-vault.ts";
import { instanceId, type Settings } from "./settings.ts";

/** Id of the master key that the store was served with last; undefined if it never was. */
export async function servedKeyId(settings: Settings): Promise<string | undefined> {
  return (await settings.find("instance"))?.state.masterKeyId;
}

/**
 * Notes the key that serves from now on.
 *
 * @throws Error if the store was served with a key that the vault does not have: it could neither send by providers
 *   whose secrets are sealed with that key, nor check codes that are signed with it
 */
export async function noteMasterKey(settings: Settings, vault: CodeVault): Promise<void> {
  await settings.instance.execute(instanceId, (state) => {
    const served = state?.masterKeyId;
    if (served !== undefined && !vault.hasKey(served)) throw new Error(lostKey(served));
    return noted(served, vault);
  });
}

/** The same where that key is lost: what it sealed stays closed. */
export async function acceptMasterKey(settings: Settings, vault: CodeVault): Promise<void> {
  await settings.instance.execute(instanceId, (state) => noted(state?.masterKeyId, vault));
}

export function lostKey(keyId: string): string {
  return (
    `the store was served with the master key whose id is ${keyId}, which is not among those of this server. Put it back into ` +
    "RINGBACK_MASTER_KEY or, where that is not set, into the key file beside the database. If it is lost for good, run the " +
    "command accept-key: what was sealed with it stays closed"
  );
}

function noted(served: string | undefined, { currentKeyId: keyId }: CodeVault) {
  return {
    events: served === keyId ? [] : [{ type: "settings.master_key.noted", data: { keyId } } as const],
  };
}
