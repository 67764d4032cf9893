/**
 * Why a caller is not known:
 * - `missing`: no bearer token came with the call;
 * - `invalid`: the token is malformed, expired, revoked, or not from an issuer we trust;
 * - `unavailable`: the issuer cannot be asked at present, so nobody knows; worth another try.
 */
export type AuthenticationErrorKind = "missing" | "invalid" | "unavailable";

/** The caller could not be authenticated. Neither the message nor the cause holds any part of the token. */
export class AuthenticationError extends Error {
  override readonly name = "AuthenticationError";
  readonly kind: AuthenticationErrorKind;

  constructor(kind: AuthenticationErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
