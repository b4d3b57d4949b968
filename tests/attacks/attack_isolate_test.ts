import { assert, assertEquals } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import { isIsolatePresent, openIsolate } from "../support/open_isolate.ts";
import { ISOLATE_ATTACKS } from "./isolate_attacks.ts";

const LIMITS = { memoryMb: 64, maxTotalOutputBytes: 1_000_000 };
/** The deadline of what may be ended at it, and of what ends before any. */
const [SOON_MS, LATE_MS] = [600, 60_000];

const isPresent = await isIsolatePresent();

Deno.test({
  name: "[isolate] holds its attacks, of which no neighbour notices anything",
  ignore: !isPresent,
  async fn(test) {
    await using isolate = await openIsolate();
    let isOver = false;
    let honest = 0;
    const neighbour = (async () => {
      while (!isOver) {
        const { outcome, stdout } = await isolate.run({
          files: { "main.js": "console.log([1, 2, 3].map((n) => n * 2).join());" },
          tenant: "neighbour",
        });
        assertEquals([outcome, stdout], [{ kind: "exited", exitCode: 0 }, "2,4,6\n"]);
        honest++;
        await delay(20);
      }
    })();
    for (const { code, ends, name, prints } of ISOLATE_ATTACKS) {
      await test.step(name, async () => {
        const { outcome, stdout } = await isolate.run({
          files: { "main.js": code },
          tenant: "attacker",
          limits: { ...LIMITS, timeoutMs: ends.includes("timed_out") ? SOON_MS : LATE_MS },
        });
        assert(ends.includes(outcome.kind), JSON.stringify(outcome));
        if (prints !== undefined) assertEquals(stdout, prints);
        assert(!stdout.includes("LEAKED"), stdout);
      });
    }
    isOver = true;
    await neighbour;
    assert(honest > 0, "No neighbour's program ran");
  },
});
