import { storeAdapters } from "./store-homes.ts";
import { describeStore } from "./store-suite.ts";

for (const adapter of storeAdapters) describeStore(adapter);
