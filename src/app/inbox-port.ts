import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { CodePurpose } from "../domain/codes.ts";

/** The messages of the embedded provider `inbox`, as the store keeps them. */

export interface InboxMessage {
  /** Grows with every message. */
  readonly id: number;
  /** Id of the outbox message. */
  readonly messageId: string;
  readonly userId: string;
  readonly purpose: CodePurpose;
  readonly recipient: string;
  readonly text: string;
  readonly code: string;
  readonly createdMs: number;
  readonly expiresMs: number | null;
}

export interface InboxQuery {
  /** E.164; all numbers if left out. */
  readonly recipient?: string;
  readonly afterId?: number;
  readonly order: "oldest_first" | "newest_first";
  readonly limit: number;
}

/** Keeps the newest messages, and only so many. */
export interface InboxStore {
  /** Undefined if a message with this `messageId` is there already. */
  append(message: Omit<InboxMessage, "id">): Promise<InboxMessage | undefined>;
  list(query: InboxQuery): MaybePromise<readonly InboxMessage[]>;
  /** @returns how many were removed. */
  clear(recipient?: string): Promise<number>;
}
