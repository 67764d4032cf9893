import { adminToken, userId } from "../users.ts";
import type { Call } from "./connection.ts";
import { grpcHeaders } from "./hpack.ts";
import type { RequestText } from "./http1-connection.ts";
import type { GrpcRequests } from "./http2-connection.ts";
import type { Method } from "./job.ts";

/** How the methods are called: the requests of the load, written by hand, since they must cost next to nothing. */

const rpcPaths: Readonly<Record<Method, string>> = {
  SetPhone: "/zitadel.user.v2.UserService/SetPhone",
  VerifyPhone: "/zitadel.user.v2.UserService/VerifyPhone",
  GetMyPhone: "/zitadel.auth.v1.AuthService/GetMyPhone",
};

export function grpcRequests(method: Method, port: number): GrpcRequests {
  const token = method === "GetMyPhone" ? undefined : adminToken;
  return { headers: grpcHeaders(rpcPaths[method], port, token), messageOf: messages[method] };
}

const messages: Readonly<Record<Method, (call: Call) => string>> = {
  SetPhone: ({ user, text }) => field(1, userId(user)) + field(2, text) + field(4, ""),
  VerifyPhone: ({ user, text }) => field(1, userId(user)) + field(2, text),
  GetMyPhone: () => "",
};

/** A field of protobuf's wire type 2, of less than 128 bytes. */
function field(number: number, value: string): string {
  return String.fromCharCode((number << 3) | 2, value.length) + value;
}

export function connectJsonRequests(method: Method, port: number): RequestText {
  const path = rpcPaths[method];
  const body: Readonly<Record<Method, (call: Call) => string>> = {
    SetPhone: ({ user, text }) => `{"userId":"${userId(user)}","phone":"${text}","returnCode":{}}`,
    VerifyPhone: ({ user, text }) => `{"userId":"${userId(user)}","verificationCode":"${text}"}`,
    GetMyPhone: () => "{}",
  };
  return (call) => post(path, port, call.token, body[method](call));
}

export function restRequests(method: Method, port: number): RequestText {
  switch (method) {
    case "SetPhone":
      return ({ user, text, token }) =>
        post(`/v2/users/${userId(user)}/phone`, port, token, `{"phone":"${text}","returnCode":{}}`);
    case "VerifyPhone":
      return ({ user, text, token }) =>
        post(`/v2/users/${userId(user)}/phone/verify`, port, token, `{"verificationCode":"${text}"}`);
    case "GetMyPhone":
      return ({ token }) => `GET /auth/v1/users/me/phone HTTP/1.1\r\n${commonHeaders(port, token)}\r\n`;
  }
}

function post(path: string, port: number, token: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\n${commonHeaders(port, token)}` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}

function commonHeaders(port: number, token: string): string {
  return `host: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\nuser-agent: bench\r\n`;
}
