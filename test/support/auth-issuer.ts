import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";

/** An OpenID Connect issuer on a real socket, whose answers can be disturbed. */
export interface TestIssuer {
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
  readonly discoveries: number;
  /** Makes a key pair for `alg`, with which further tokens are signed, and publishes it. */
  addKey(alg: string): Promise<string>;
  /** Signs a token: `claims` override iss, iat, nbf and exp; undefined removes one. */
  token(claims: Readonly<Record<string, unknown>>, kid?: string): Promise<string>;
  publicKeys(): readonly JWK[];
  /** Answers every request instead of the issuer, until called with undefined. */
  disturb(answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void;
  /** What discovery says, on top of what it should say. */
  metadata: Record<string, unknown>;
  close(): Promise<void>;
}

/** @param port 0 for a free one */
export async function startIssuer(port = 0): Promise<TestIssuer> {
  const issuer = new OAuth2Issuer();
  const service = new OAuth2Service(issuer);
  const requests: string[] = [];
  let disturbance: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;

  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    (disturbance ?? service.requestHandler)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://localhost:${address.port}`;
  issuer.url = url;

  const started: TestIssuer = {
    url,
    requests,
    get discoveries() {
      return requests.filter((path) => path.endsWith("/openid-configuration")).length;
    },
    async addKey(alg) {
      // Not `issuer.keys.generate`: it refuses objects of another realm, and Jest runs tests in one.
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      const { kid } = await issuer.keys.add({ ...(await exportJWK(privateKey)), alg });
      return kid;
    },
    token: (claims, kid) =>
      issuer.buildToken({
        kid,
        scopesOrTransform: (_header, payload) => void Object.assign(payload, claims),
      }),
    publicKeys: () => issuer.keys.toJSON(),
    disturb: (answer) => {
      disturbance = answer;
    },
    metadata: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  service.on("beforeWellKnownOpenIdConfiguration", (answer: { body: Record<string, unknown> }) => {
    Object.assign(answer.body, started.metadata);
  });
  return started;
}
