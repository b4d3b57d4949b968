import { assertEquals } from "@std/assert";
import { UNKNOWN_DISK } from "../../../../src/runtimes/docker/program/ending.ts";
import { FinalReport } from "../../../../src/runtimes/docker/program/final_report.ts";

const ENDED = "ended 7 0 0 0 5000000 - 3".split(" ");
const DISK = { isFull: false, usage: { bytes: 4096, files: 1 } };

Deno.test("FinalReport is complete with the ends of both streams where the disk is read from here", () => {
  const report = new FinalReport(() => DISK);
  const counts = { cpuNs: 5_000_000, peakMemoryBytes: null, unrouted: 3 };
  assertEquals([report.take(ENDED), report.isComplete, report.disk], [counts, false, UNKNOWN_DISK]);
  assertEquals([report.take(ENDED), report.isComplete, report.disk], [counts, true, DISK]);
  assertEquals(report.ending?.status, 7);
});

Deno.test("FinalReport waits for the launcher's report of the disk where it cannot be read from here", () => {
  const report = new FinalReport(() => undefined);
  report.take(ENDED);
  report.take(ENDED);
  assertEquals([report.hasEnded, report.isComplete, report.disk], [true, false, UNKNOWN_DISK]);
  assertEquals(report.take(["disk", "0", "4096", "1"]), undefined);
  assertEquals([report.isComplete, report.disk], [true, DISK]);
});

Deno.test("FinalReport ignores words that no launcher writes", () => {
  const report = new FinalReport(() => DISK);
  for (const words of [[], ["launched", "7"], ["ended", "256", "0", "0", "0"]]) {
    assertEquals(report.take(words), undefined);
  }
  assertEquals([report.ending, report.isComplete], [undefined, false]);
});
