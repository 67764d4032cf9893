export const channels = ["sms", "whatsapp", "voice"] as const;
/** The way to the phone. */
export type Channel = (typeof channels)[number];
