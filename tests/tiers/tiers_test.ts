import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "@std/path";
import { PROJECT } from "../support/service_process.ts";
import { LONGEST } from "./tiers.ts";

Deno.test("LONGEST names files that there are", () => {
  assertEquals(LONGEST.filter((file) => !existsSync(join(PROJECT, file))), []);
});
