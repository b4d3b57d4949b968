import { assertEquals } from "@std/assert";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { SYSTEM_CLOCK } from "../../src/concurrency/clock.ts";
import { Rehearsal, type RehearsalOptions } from "../../src/compose/rehearsal.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { configFor } from "../support/test_config.ts";

/** A rehearsal on a directory that nothing else uses. */
function rehearsalIn(directory: string, options: RehearsalOptions): Rehearsal {
  const ground = { scratchDirectory: directory };
  const runtimes = [fakeRuntime({ createEnvironment: () => Promise.reject(new Error("a program was to run")) })];
  return new Rehearsal(configFor(directory), { clock: SYSTEM_CLOCK, ground, runtimes }, options);
}

Deno.test("Rehearsal sends its requests past every program, and leaves neither files nor lines in the log", async () => {
  const directory = await Deno.makeTempDir();
  const lines: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { kept: (line) => lines.push(line) },
    loggers: [
      { category: "codebeaker", lowestLevel: "info", sinks: ["kept"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: [] },
    ],
  });
  try {
    await using rehearsal = rehearsalIn(directory, { requests: 6, isBusy: () => false });
    assertEquals([await rehearsal.begin(), await rehearsal.begin()], [6, 6]);
    assertEquals([lines, [...Deno.readDirSync(directory)]], [[], []]);
  } finally {
    await reset();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("Rehearsal lets clients go first, and ends when disposed of", async () => {
  const directory = await Deno.makeTempDir();
  const asked = Promise.withResolvers<void>();
  let questions = 0;
  const isBusy = () => {
    if (++questions > 6) asked.resolve();
    return questions > 5; // Three before the first request, one before each.
  };
  const rehearsal = rehearsalIn(directory, { requests: 1_000_000, isBusy });
  const counted = rehearsal.begin();
  await asked.promise;
  await rehearsal[Symbol.asyncDispose]();
  assertEquals([await counted, [...Deno.readDirSync(directory)]], [2, []]);
  await Deno.remove(directory, { recursive: true });
});
