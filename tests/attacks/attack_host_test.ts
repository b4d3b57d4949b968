import { testSubjects } from "./attack_all.ts";

await testSubjects(({ needs, usesHostLayers }) => usesHostLayers && needs !== "namespaces");
