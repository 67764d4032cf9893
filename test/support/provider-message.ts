import type { SmsMessage } from "../../src/app/sms-port.ts";

/** A message to send. Its text needs every kind of escaping. */
export const message: SmsMessage = {
  id: "01a1fbfc-03d9-71c2-a98e-ca30ae444921",
  purpose: "verify_phone",
  recipient: "+41791234567",
  text: "123456 is your code & it's <grün> = 100%.\n\n@login.example.com #123456",
  parts: { title: "", greeting: "Hello Ada" },
  language: "en",
  code: "123456",
  createdMs: 1_700_000_000_000,
  expiresMs: 1_700_000_600_000,
  origin: "",
  user: {
    id: "ada",
    organizationId: "default",
    userName: "ada@example.com",
    firstName: "Ada",
    lastName: "Lovelace",
    nickName: "",
    displayName: "Ada Lovelace",
    email: "ada@example.com",
    isEmailVerified: false,
    lastPhone: "+41791234567",
    verifiedPhone: "",
    createdMs: 1_600_000_000_000,
    changedMs: 1_700_000_000_000,
  },
  receiptUrl: "https://ringback.example.com/receipts/p1?message=01a1fbfc-03d9-71c2-a98e-ca30ae444921",
};

/** The present of the providers under test. */
export const nowMs = 1_700_000_000_500;
export const clock = { nowMs: () => nowMs };

/** How long an answer is waited for that never comes: enough for the request to leave a busy machine. */
export const silentMs = 2_000;
