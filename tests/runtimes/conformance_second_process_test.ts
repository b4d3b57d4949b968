import { testLanguages } from "./conformance_suites.ts";

await testLanguages({ byHostLayers: true, share: { index: 1, of: 2 } });
