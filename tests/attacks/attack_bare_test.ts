import { testBare } from "./attack_all.ts";

await testBare();
