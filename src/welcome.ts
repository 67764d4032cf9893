/**
 * What the server prints once it answers: where, with which token, and a command to copy for each protocol.
 *
 * @param token the administrator's, if it was made just now
 */
export function welcome(url: string, token: string | undefined): string {
  const bearer = token ?? "$RINGBACK_ADMIN_TOKEN";
  const tls = url.startsWith("https:");
  const authority = new URL(url).host;
  const json = `-H "content-type: application/json" -H "authorization: Bearer ${bearer}"`;
  return `
Ringback answers at ${url}: gRPC, gRPC-Web, Connect and REST on one port.
${
  token === undefined
    ? "The administrator's token is the one that you set, or that the first start showed."
    : `The administrator's token, shown only this once:\n\n  ${token}`
}

REST: create a user, and send a code to their phone
  curl ${url}/v2/users/human ${json} \\
    -d '{"userId":"ada","profile":{"givenName":"Ada","familyName":"Lovelace"},"email":{"email":"ada@example.com"},"phone":{"phone":"+41791234567"}}'

Connect: read the message
  curl ${url}/ringback.inbox.v1.InboxService/ListMessages ${json} -d '{}'

gRPC, with buf
  npx buf curl ${tls ? "" : "--http2-prior-knowledge "}--protocol grpc -H "authorization: Bearer ${bearer}" \\
    ${url}/zitadel.auth.v1.AuthService/GetMyUser

gRPC, with grpcurl
  grpcurl ${tls ? "" : "-plaintext "}-H "authorization: Bearer ${bearer}" ${authority} zitadel.auth.v1.AuthService/GetMyUser

gRPC-Web, with buf
  npx buf curl --protocol grpcweb -H "authorization: Bearer ${bearer}" \\
    ${url}/zitadel.auth.v1.AuthService/GetMyUser
`;
}
