import { testWarmLanguages } from "./conformance_suites.ts";

await testWarmLanguages({ byHostLayers: false });
