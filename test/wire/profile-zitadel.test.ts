import { describeProfile } from "./profile.ts";

await describeProfile("zitadel");
