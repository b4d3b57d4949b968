import { testSubjects } from "./attack_all.ts";

await testSubjects({ byHostLayers: false });
