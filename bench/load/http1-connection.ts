import type { Socket } from "node:net";
import type { Call, Connection, Listener } from "./connection.ts";

/** How a method is called over HTTP/1.1: the whole request, in ASCII. */
export type RequestText = (call: Call) => string;

const errorTextMax = 200;
const statusAt = "HTTP/1.1 ".length;

/** HTTP/1.1, kept alive, one call at a time. */
export class Http1Connection implements Connection {
  readonly #socket: Socket;
  readonly #requestText: RequestText;
  readonly #listener: Listener;
  #call: Call | undefined;
  #out = "";
  #in = "";

  constructor(socket: Socket, requestText: RequestText, listener: Listener) {
    this.#socket = socket;
    this.#requestText = requestText;
    this.#listener = listener;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("close", () => listener.onClose());
  }

  get room(): number {
    return this.#call === undefined ? 1 : 0;
  }

  send(call: Call): void {
    this.#call = call;
    this.#out = this.#requestText(call);
  }

  flush(): void {
    if (this.#out === "") return;
    this.#socket.write(this.#out, "latin1");
    this.#out = "";
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#in += text;
    const headEnd = this.#in.indexOf("\r\n\r\n");
    const call = this.#call;
    if (headEnd < 0 || call === undefined) return;
    const head = this.#in.slice(0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#listener.onError(call, `an answer without content-length: ${head}`);
      this.#socket.destroy();
      return;
    }
    const body = this.#in.slice(headEnd + 4);
    if (body.length < Number(length)) return;
    this.#in = "";
    this.#call = undefined;
    if (head.startsWith("200", statusAt)) this.#listener.onAnswer(call, codeOf(body));
    else this.#listener.onError(call, `${head.slice(0, head.indexOf("\r"))}: ${body.slice(0, errorTextMax)}`);
    this.#listener.onRead(this);
  }
}

function codeOf(body: string): string | undefined {
  return /"verificationCode": ?"(\w+)"/.exec(body)?.[1];
}
