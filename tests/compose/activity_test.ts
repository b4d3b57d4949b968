import { assertEquals } from "@std/assert";
import { keepActivity } from "../../src/compose/activity.ts";
import { ACTIVITY } from "../../src/server/openapi/examples.ts";

Deno.test("keepActivity() reads at most once a second, however often it is asked", () => {
  let [reads, elapsedMs] = [0, 5];
  const read = keepActivity(() => {
    reads++;
    return ACTIVITY;
  }, () => elapsedMs);
  for (const [atMs, expected] of [[5, 1], [1_004, 1], [1_005, 2], [1_006, 2], [9_000, 3]] as const) {
    elapsedMs = atMs;
    assertEquals([read(), reads], [ACTIVITY, expected]);
  }
});
