import { testLanguages } from "./conformance_suites.ts";

await testLanguages({ byHostLayers: true });
