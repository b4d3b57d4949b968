import { testFiles } from "./conformance_suites.ts";

await testFiles({ byHostLayers: true });
