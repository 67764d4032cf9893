/** grpc-js with protobuf-es, and with handlers that do nothing. */
import { type DescMethodUnary, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { getMyPhoneAnswer, setPhoneAnswer, verifyPhoneAnswer } from "./answers.ts";
import { reportTo } from "./control.ts";

const server = new grpc.Server();

function addMethod<M extends DescMethodUnary>(method: M, answer: MessageShape<M["output"]>): void {
  const path = `/${method.parent.typeName}/${method.name}`;
  const definition = {
    path,
    requestStream: false,
    responseStream: false,
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    requestSerialize: (message: MessageShape<M["input"]>) => Buffer.from(toBinary(method.input, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
    responseSerialize: (message: MessageShape<M["output"]>) => Buffer.from(toBinary(method.output, message)),
  } as const;
  server.addService(
    { [method.name]: definition },
    {
      [method.name]: (_call: unknown, callback: grpc.sendUnaryData<MessageShape<M["output"]>>) =>
        callback(null, answer),
    },
  );
}

addMethod(UserService.method.setPhone, setPhoneAnswer);
addMethod(UserService.method.verifyPhone, verifyPhoneAnswer);
addMethod(AuthService.method.getMyPhone, getMyPhoneAnswer);

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  reportTo({ http1: port, http2: port });
});
