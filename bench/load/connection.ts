/** One call, as it is planned. */
export interface Call {
  readonly user: number;
  /** The number to set, or the code to verify. */
  readonly text: string;
  readonly token: string;
  /** By `performance.now()`. */
  readonly dueMs: number;
}

/** A connection to the server that is measured. */
export interface Connection {
  /** How many calls it can take now. */
  readonly room: number;
  /** Takes a call; it leaves with `flush`. */
  send(call: Call): void;
  flush(): void;
  close(): void;
}

/** What a connection tells. */
export interface Listener {
  /** @param code of SetPhone, if the answer has one */
  onAnswer(call: Call, code: string | undefined): void;
  onError(call: Call, error: string): void;
  /** Everything that has come so far is told. */
  onRead(connection: Connection): void;
  onClose(): void;
}
