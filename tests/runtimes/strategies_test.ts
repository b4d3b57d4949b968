import { assertEquals } from "@std/assert";
import type { ScoreInputs } from "../../src/core/selection.ts";
import { STRATEGIES } from "../../src/runtimes/strategies.ts";

const DENO: ScoreInputs = { startupMs: 80, memoryMb: 30, isolationLevel: 7, source: "declared" };
const DOCKER: ScoreInputs = { startupMs: 2000, memoryMb: 250, isolationLevel: 9, source: "declared" };

Deno.test("STRATEGIES rank the original's declared runtimes as the original does", () => {
  const winners = Object.entries(STRATEGIES).map((
    [name, score],
  ) => [name, score(DENO) > score(DOCKER) ? "deno" : "docker"]);
  assertEquals(Object.fromEntries(winners), { speed: "deno", security: "docker", memory: "deno", balanced: "deno" });
});

Deno.test("balanced is 1000/(start-up+1) + 1000/(memory+1) + isolation/2", () => {
  assertEquals(STRATEGIES.balanced(DENO), 1000 / 81 + 1000 / 31 + 3.5);
});
