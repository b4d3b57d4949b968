import { assertEquals } from "@std/assert";
import { delay, settlesAtOnce } from "../../src/concurrency/delay.ts";

Deno.test("settlesAtOnce() is true for work that waits for nothing, also where it fails, and false for any other", async () => {
  async function pass(levels: number): Promise<void> {
    if (levels > 0) await pass(levels - 1);
  }
  assertEquals(await settlesAtOnce(pass(3)), true);
  assertEquals(await settlesAtOnce(Promise.reject(new Error("no"))), true);
  const later = delay(1);
  assertEquals(await settlesAtOnce(later), false);
  await later;
});
