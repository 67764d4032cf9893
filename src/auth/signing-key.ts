import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
} from "node:crypto";

/** The key pair of one master key. */
export interface SigningKey {
  /** JWK thumbprint (RFC 7638). */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** A public ES256 key as a JSON Web Key (RFC 7517, RFC 7518 §6.2). */
export interface PublicJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: "ES256";
  readonly use: "sig";
}

/** Another text is another key: every token signed before would become invalid. */
const hkdfInfo = "ringback/own-tokens/es256/v1";

/** Order of the base point of P-256 (FIPS 186-5, SP 800-186 §3.2.1.3). */
const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * Derives the ES256 key that signs our own tokens, so that it needs no storage and all replicas agree on it:
 * HKDF-SHA256 (RFC 5869), then FIPS 186-5 §A.2.1 ("extra random bits") makes of its output a scalar that is
 * uniform up to 2^-128.
 *
 * @param masterKey 32 bytes
 */
export function deriveSigningKey(masterKey: Uint8Array): SigningKey {
  const extraBits = Buffer.from(hkdfSync("sha256", masterKey, "", hkdfInfo, 48));
  const scalar = (BigInt(`0x${extraBits.toString("hex")}`) % (curveOrder - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");

  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(d);
  // 0x04, then both coordinates (SEC 1 §2.3.3).
  const point = ecdh.getPublicKey();
  const curvePoint = {
    crv: "P-256",
    kty: "EC",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  } as const;
  // RFC 7638 §3.2: exactly these members, in this order, without white space.
  const id = createHash("sha256").update(JSON.stringify(curvePoint)).digest("base64url");

  const privateKey = createPrivateKey({ key: { ...curvePoint, d: d.toString("base64url") }, format: "jwk" });
  return {
    id,
    privateKey,
    publicKey: createPublicKey(privateKey),
    publicJwk: { ...curvePoint, kid: id, alg: "ES256", use: "sig" },
  };
}
