import { assertEquals, assertThrows } from "@std/assert";
import { delay } from "../../../../src/concurrency/delay.ts";
import { isTimeout, runScript } from "../../../../src/runtimes/deno/interpreter/scripts.js";

const OPTIONS = { columnOffset: 0, name: "cell_1", timeoutMs: 60_000 };

/** Runs a script; undefined when its time was over. */
function runWithin(script: string, timeoutMs: number): unknown {
  try {
    return runScript(script, { ...OPTIONS, timeoutMs });
  } catch (thrown) {
    if (!isTimeout(thrown)) throw thrown;
    return undefined;
  }
}

Deno.test("runScript() returns what a script is worth, throws what it throws, and ends one that spins", () => {
  assertEquals(runScript("1 + 1", OPTIONS), 2);
  assertThrows(() => runScript("throw new RangeError('mine')", OPTIONS), RangeError, "mine");
  assertThrows(() => runScript("1 +", OPTIONS), SyntaxError);
  assertEquals(runWithin("for (;;) try { for (;;); } catch {}", 10), undefined);
  assertEquals(isTimeout({ code: "ERR_SCRIPT_EXECUTION_TIMEOUT" }), false);
});

Deno.test("runScript() ends nothing that runs behind a script that ended about when its time was over", async () => {
  for (let leftMs = -4; leftMs < 60; leftMs += 2) {
    const script = `{ const end = performance.now() + ${5 + leftMs}; while (performance.now() < end); } 7`;
    const value = runWithin(script, 5);
    assertEquals([value ?? 7, runScript("2", OPTIONS)], [7, 2]);
    await delay(1);
  }
});
