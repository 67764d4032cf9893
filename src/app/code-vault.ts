import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type Hmac,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import type { CodeBinding, CodeMac, RepeatableCode, SignedCode } from "../domain/codes.ts";
import type { RandomBytes } from "../lib/random.ts";

interface VaultKey {
  readonly id: string;
  readonly mac: KeyObject;
  readonly seal: KeyObject;
}

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Keeps codes: a keyed HMAC-SHA256 to verify them by, and AES-256-GCM for the text that must still be sent.
 *
 * All keys are derived (HKDF, RFC 5869) from the master keys. The first one serves what is new, the others
 * what is old.
 */
export class CodeVault implements CodeMac {
  readonly #current: VaultKey;
  readonly #keys: ReadonlyMap<string, VaultKey>;
  readonly #randomBytes: RandomBytes;

  /** @param masterKeys 32 bytes each, at least one */
  constructor(masterKeys: readonly Uint8Array[], randomBytes: RandomBytes) {
    const keys = masterKeys.map(deriveKey);
    const [current] = keys;
    if (current === undefined) throw new Error("a vault needs a master key");
    this.#current = current;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#randomBytes = randomBytes;
  }

  /** Of the key that serves what is new. It tells nothing of the key. */
  get currentKeyId(): string {
    return this.#current.id;
  }

  /** Of the keys that only serve what is old. */
  get olderKeyIds(): readonly string[] {
    return [...this.#keys.keys()].filter((id) => id !== this.#current.id);
  }

  hasKey(id: string): boolean {
    return this.#keys.has(id);
  }

  /** Whether the key is here that opens a sealed text. */
  opens(sealed: string): boolean {
    return this.#keys.has(sealed.slice(0, sealed.indexOf(".")));
  }

  sign(binding: CodeBinding, code: string): SignedCode {
    return { keyId: this.#current.id, mac: macOf(this.#current, binding, code).digest("base64url") };
  }

  /** A code that was signed with a key that is gone is wrong. */
  verify(binding: CodeBinding, code: string, signed: SignedCode): boolean {
    const key = this.#keys.get(signed.keyId);
    if (key === undefined) return false;
    const expected = Buffer.from(signed.mac, "base64url");
    const actual = macOf(key, binding, code).digest();
    return expected.length === actual.length && timingSafeEqual(expected, actual);
  }

  reveal({ id, text }: RepeatableCode): string | undefined {
    return this.opens(text) ? this.open(id, text) : undefined;
  }

  /**
   * Encrypts a text for one thing, e.g. a message or a provider: opened with another id, it is not authentic.
   * @returns `<key id>.<base64url of nonce, ciphertext, tag>`
   */
  seal(id: string, text: string): string {
    const nonce = this.#randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#current.seal, nonce).setAAD(Buffer.from(id));
    const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${this.#current.id}.${sealed.toString("base64url")}`;
  }

  /**
   * The same text, encrypted with the current key; what is already stays as it is.
   * @throws Error if its key is unknown or the text is not authentic
   */
  reseal(id: string, sealed: string): string {
    const isCurrent = sealed.startsWith(`${this.#current.id}.`);
    return isCurrent ? sealed : this.seal(id, this.open(id, sealed));
  }

  /** @throws Error if the key is unknown or the text is not authentic */
  open(id: string, sealed: string): string {
    const [keyId = "", body = ""] = sealed.split(".");
    const key = this.#keys.get(keyId);
    if (key === undefined)
      throw new Error(`what is sealed for ${id} needs the master key ${keyId}, which is not here`);
    const bytes = Buffer.from(body, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", key.seal, bytes.subarray(0, nonceBytes))
      .setAAD(Buffer.from(id))
      .setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString(
      "utf8",
    );
  }
}

function deriveKey(masterKey: Uint8Array): VaultKey {
  const derive = (info: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync("sha256", masterKey, "", `ringback ${info} v1`, 32)));
  const id = createHash("sha256")
    .update("ringback key id v1")
    .update(masterKey)
    .digest("base64url")
    .slice(0, 8);
  return { id, mac: derive("code mac"), seal: derive("message seal") };
}

function macOf(key: VaultKey, binding: CodeBinding, code: string): Hmac {
  // JSON keeps the parts apart: no two bindings give the same text.
  const { userId, purpose, number, challengeId } = binding;
  return createHmac("sha256", key.mac).update(JSON.stringify([userId, purpose, number, challengeId, code]));
}
