/** connect-node as it comes, with handlers that do nothing. */
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { getMyPhoneAnswer, setPhoneAnswer, verifyPhoneAnswer } from "./answers.ts";
import { reportTo } from "./control.ts";
import { listen } from "./listen.ts";

const handler = connectNodeAdapter({
  routes(router) {
    router.service(UserService, { setPhone: () => setPhoneAnswer, verifyPhone: () => verifyPhoneAnswer });
    router.service(AuthService, { getMyPhone: () => getMyPhoneAnswer });
  },
});

reportTo({
  http1: await listen(createHttp1Server(handler)),
  http2: await listen(createHttp2Server(handler)),
});
