/**
 * What the server prints once it answers: where, with which token, and a command to copy for each protocol.
 *
 * @param token the administrator's, if it was made just now
 * @param smsKind where SMS go: an inbox has the code to read, and everywhere else it would go to a stranger's phone
 */
export function welcome(url: string, token: string | undefined, smsKind: "inbox" | "http"): string {
  const authorization = `-H "authorization: Bearer ${token ?? "$TOKEN"}"`;
  const json = `-H "content-type: application/json" ${authorization}`;
  const [scheme, address] = url.split("://");
  const [h2c, plaintext] = scheme === "http" ? ["--http2-prior-knowledge ", "-plaintext "] : ["", ""];
  return `
Ringback answers at ${url}: gRPC, gRPC-Web, Connect and REST on one port.
${token === undefined ? knownToken : newToken(token)}${smsKind === "inbox" ? sendAndRead(url, json) : askForUser(url, authorization, json)}
gRPC, with buf
  npx @bufbuild/buf curl ${h2c}--protocol grpc ${authorization} \\
    ${url}/zitadel.auth.v1.AuthService/GetMyUser

gRPC-Web, with buf
  npx @bufbuild/buf curl --protocol grpcweb ${authorization} \\
    ${url}/zitadel.auth.v1.AuthService/GetMyUser

gRPC, with grpcurl
  grpcurl ${plaintext}${authorization} ${address} zitadel.auth.v1.AuthService/GetMyUser
`;
}

const sendAndRead = (url: string, json: string): string => `
REST: add a user, and send a code to their phone
  curl ${url}/v2/users/human ${json} \\
    -d '{"userId":"ada","profile":{"givenName":"Ada","familyName":"Lovelace"},"email":{"email":"ada@example.com"},"phone":{"phone":"+41791234567"}}'

Connect: read the message
  curl ${url}/ringback.inbox.v1.InboxService/WaitForMessage ${json} \\
    -d '{"phoneNumber":"+41791234567"}'
`;

const askForUser = (url: string, authorization: string, json: string): string => `
REST
  curl ${url}/auth/v1/users/me ${authorization}

Connect
  curl ${url}/zitadel.auth.v1.AuthService/GetMyUser ${json} -d '{}'
`;

const knownToken = `
The administrator's token is the one that you set, or that the first start showed
(if it is lost, start with RINGBACK_ADMIN_TOKEN set to a new one):
  export TOKEN=…
`;

const newToken = (token: string): string => `
The administrator's token, shown only now and stored hashed:
  export TOKEN=${token}
`;
