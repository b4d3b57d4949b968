import { assertEquals } from "@std/assert";
import { runFile, type RunProgramOptions } from "../../src/commands/mod.ts";
import type { Outcome, ProgramResult } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import type { ProgramTest } from "../../src/core/requests/tests.ts";
import { chunkOf, FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";

/** How a program of a test ends, after it has printed. */
interface End {
  readonly outcome?: Outcome;
  readonly prints?: string;
}

/** Tests a program that ends as the list says, one end for each run. */
async function test(
  ends: readonly End[],
  tests: readonly ProgramTest[],
  { stopAtFirstFailure = false, ...options }: Partial<RunProgramOptions> & { readonly stopAtFirstFailure?: boolean } =
    {},
): Promise<ProgramResult> {
  let runs = 0;
  await using environment = await FakeEnvironment.create(() => {
    const { outcome = { kind: "exited", exitCode: 0 }, prints = "" } = ends[runs++] ?? {};
    return fakeProgram({
      outcome: Promise.resolve(outcome),
      output: ReadableStream.from(prints === "" ? [] : [chunkOf("stdout", prints)]),
    });
  });
  const request = { args: [], tests, stopAtFirstFailure };
  return await runFile(environment, { request, path: "main.ts", paths: ["main.ts"] }, {
    limits: DEFAULT_LIMITS,
    ...options,
  });
}

Deno.test("runFile() gives each test the verdict of its end", async () => {
  const ends: readonly (End & { readonly expected?: string; readonly verdict: string })[] = [
    { verdict: "accepted", prints: "a  \nb\n\n", expected: "a\nb" },
    { verdict: "accepted", prints: "anything" },
    { verdict: "wrong_answer", prints: "a\n b", expected: "a\nb" },
    { verdict: "runtime_error", outcome: { kind: "exited", exitCode: 1 }, prints: "a", expected: "a" },
    { verdict: "runtime_error", outcome: { kind: "signaled", signal: "SIGSEGV" } },
    { verdict: "runtime_error", outcome: { kind: "process_limit", limit: 1, observed: 2 } },
    { verdict: "time_limit", outcome: { kind: "timed_out", limitMs: 1 } },
    { verdict: "time_limit", outcome: { kind: "cpu_limit", limitMs: 1, observedMs: 2 } },
    { verdict: "memory_limit", outcome: { kind: "memory_limit", limitMb: 1, observedMb: 2 } },
    { verdict: "output_limit", outcome: { kind: "output_limit", limitBytes: 1, observedBytes: 2 } },
  ];
  const { tests } = await test(
    ends,
    ends.map(({ expected }, index) => ({ name: String(index), ...(expected === undefined ? {} : { expected }) })),
  );
  assertEquals(tests?.map(({ verdict }) => verdict), ends.map(({ verdict }) => verdict));
});

Deno.test("runFile() stops at the first failure where the request says so, and its end is that of all", async () => {
  const ends = [{}, { outcome: { kind: "exited", exitCode: 3 } }, {}] as const;
  const tests = ["one", "two", "three"].map((name) => ({ name }));
  const stopped = await test(ends, tests, { stopAtFirstFailure: true });
  assertEquals(stopped.tests?.map(({ name }) => name), ["one", "two"]);
  const whole = await test(ends, tests);
  assertEquals([whole.tests?.length, whole.exitCode], [3, 3]);
});

Deno.test("runFile() keeps of all tests together no more output than of one program, and compares all of it", async () => {
  const long = "x".repeat(90);
  const ends = [{ prints: "short" }, { prints: long }, { prints: long }];
  const limits = { ...DEFAULT_LIMITS, maxOutputBytes: 100 };
  const tests = ["short", long, long].map((expected, index) => ({ name: String(index), expected }));
  const { stdout, tests: results = [] } = await test(ends, tests, { limits });
  assertEquals(results.map(({ verdict }) => verdict), ["accepted", "accepted", "accepted"]);
  assertEquals(results.map(({ stdout, truncated }) => [stdout.length, truncated?.stdout]), [
    [5, undefined],
    [47, 43],
    [48, 42],
  ]);
  assertEquals(stdout, "");
});

Deno.test("runFile() ends with a test that was cancelled, which has no verdict", async () => {
  const ends = [{}, { outcome: { kind: "cancelled" } }, {}] as const;
  const { outcome, tests } = await test(ends, ["one", "two", "three"].map((name) => ({ name })));
  assertEquals([outcome, tests?.map(({ name }) => name)], [{ kind: "cancelled" }, ["one"]]);
});
