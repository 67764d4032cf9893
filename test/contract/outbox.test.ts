import { describeOutbox } from "./outbox-suite.ts";
import { storeAdapters } from "./store-homes.ts";

for (const adapter of storeAdapters) describeOutbox(adapter);
