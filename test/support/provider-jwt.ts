import { createHmac } from "node:crypto";

/** A JWT (RFC 7519) signed by HS256, as providers put it beside their receipts. */
export function signedJwt(claims: object, secret: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
