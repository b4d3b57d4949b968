import { testSubjects } from "./attack_all.ts";

await testSubjects(({ usesHostLayers }) => !usesHostLayers);
