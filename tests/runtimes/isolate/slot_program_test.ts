import { assertEquals } from "@std/assert";
import type { Outcome } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { MAX_BYTES, type SlotFrame } from "../../../src/runtimes/isolate/slot_frames.ts";
import type { Slot } from "../../../src/runtimes/isolate/slot.ts";
import { startProgram } from "../../../src/runtimes/isolate/slot_program.ts";

const ABORTED = { kind: "signaled", signal: "SIGABRT" } as const;

/** Runs a program in a slot that is no process and reports this end. */
async function endWith(
  text: string,
  limits = DEFAULT_LIMITS,
): Promise<{ readonly outcome: Outcome; readonly wasKilled: boolean }> {
  let wasKilled = false;
  const frame: SlotFrame = { kind: "done", bytes: new TextEncoder().encode(text) };
  const slot: Partial<Slot> = {
    programs: 0,
    processes: { sample: () => undefined } as unknown as Slot["processes"],
    isOutOfMemory: false,
    send() {},
    read: () => Promise.resolve([frame]),
    kill: () => void (wasKilled = true),
    ended: () => Promise.resolve(),
  };
  const handle = startProgram(slot as Slot, { entry: "main.js", files: {} }, {
    env: {},
    limits,
    openStdin: () => new WritableStream(),
    takeBack: () => Promise.resolve(),
  });
  return { outcome: await handle.outcome, wasKilled };
}

Deno.test("a program ends as its slot reports", async () => {
  const end = { kind: "exited", number: 1, exitCode: 1, cpuMs: 2, isLast: false, memoryBytes: 3 };
  assertEquals(await endWith(JSON.stringify(end)), { outcome: { kind: "exited", exitCode: 1 }, wasKilled: false });
});

Deno.test("a program that ends before it is watched has its limit of CPU time all the same", async () => {
  const limits = { ...DEFAULT_LIMITS, cpuMs: 10 };
  const outcomes = [];
  for (const cpuMs of [10, 10.2]) {
    outcomes.push((await endWith(JSON.stringify({ kind: "exited", number: 1, cpuMs }), limits)).outcome);
  }
  assertEquals(outcomes, [{ kind: "exited", exitCode: 0 }, { kind: "cpu_limit", limitMs: 10, observedMs: 11 }]);
});

Deno.test("a slot whose report is no end of a program is killed, and its program has ended by a signal", async () => {
  const end = { kind: "exited", number: 1 };
  const forged = [
    ...["", "{", "null", "[]", "1", "\xff", "x".repeat(MAX_BYTES)],
    ...[
      { ...end, number: 2 },
      { ...end, kind: "signaled" },
      { ...end, kind: undefined },
      { ...end, exitCode: "x" },
      { ...end, exitCode: -1 },
      { ...end, exitCode: 0.5 },
      { ...end, exitCode: 256 },
      { ...end, cpuMs: -1e9 },
      { ...end, cpuMs: "1" },
      { ...end, memoryBytes: {} },
      { ...end, memoryBytes: -1 },
      { ...end, isLast: 1 },
    ].map((one) => JSON.stringify(one)),
    '{"kind":"exited","number":1,"cpuMs":1e999}',
  ];
  for (const text of forged) {
    assertEquals(await endWith(text), { outcome: ABORTED, wasKilled: true }, text.slice(0, 60));
  }
});
