import { assert, assertEquals } from "@std/assert";
import type { Outcome, ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { holdMemory, type LimitPrograms, type Place } from "../../support/dialects/mod.ts";
import type { Bench, Check, Checks } from "./bench.ts";
import { processesOf } from "./process_checks.ts";

/** What the environment of each check is made with. */
export const TIGHT: Limits = {
  ...DEFAULT_LIMITS,
  memoryMb: 192,
  cpuMs: 8_000,
  maxProcesses: 8,
  diskMb: 4,
  timeoutMs: 20_000,
};
const MEMORY: Ended = { kind: "memory_limit", limits: { limitMb: 192 } };
const CPU_MS = 250;
const CPU: Ended = { kind: "cpu_limit", limits: { limitMs: CPU_MS } };
const DISK: Ended = { kind: "disk_limit", limits: { limitMb: 4 } };
const PROCESSES: Ended = { kind: "process_limit", limits: { limit: 8 } };

/** How a program must have ended, and which limit must be told with it. */
interface Ended {
  readonly kind: Outcome["kind"];
  readonly limits: Readonly<Record<string, number>>;
}

/** Every limit, and an honest program just below each. Each check runs one program, and another one where the environment lasts. */
export const LIMIT_CHECKS: Checks = {
  "memory on the heap is bounded": ends(({ takeHeap }) => takeHeap(1_024), MEMORY),
  "memory on the heap below the limit is a program's to use": lives(({ takeHeap }) => takeHeap(32)),
  "memory beside the heap is bounded": ends(
    (programs) => (programs.takeBesideHeap ?? programs.takeHeap)(1_024),
    MEMORY,
  ),
  "memory beside the heap below the limit is a program's to use": lives(
    (programs) => (programs.takeBesideHeap ?? programs.takeHeap)(48),
  ),

  async "CPU time of one thread is bounded and reported"(bench) {
    const result = await bench.run(bench.dialect.spin, { limits: { ...TIGHT, cpuMs: CPU_MS } });
    assertEnded(result, CPU);
    assert((result.usage.cpuMs ?? 0) >= CPU_MS, `${result.usage.cpuMs} ms`);
    await assertWorks(bench);
  },

  async "CPU time of all threads is bounded together"(bench) {
    const { spinInThreads } = bench.dialect.limits;
    if (spinInThreads === undefined) return; // The language has none.
    const result = await bench.run(spinInThreads, { limits: { ...TIGHT, cpuMs: CPU_MS } });
    assertEnded(result, CPU);
    assertEquals(result.stdout, "before\n");
    await assertWorks(bench);
  },

  async "descriptors are bounded"(bench) {
    const { outcome, stdout } = await bench.run(bench.dialect.limits.openFiles(3_000), { limits: TIGHT });
    assert(outcome.kind === "descriptor_limit" && outcome.observed > outcome.limit, JSON.stringify(outcome));
    assertEquals(stdout.slice(0, 7), "before\n");
    await assertWorks(bench);
  },
  "descriptors below the limit are a program's to use": lives(({ openFiles }) => openFiles(200)),

  ...diskChecks("workspace"),
  ...diskChecks("temporary"),
  "a file that is mostly holes takes little": lives(({ makeSparseFile }) => makeSparseFile(1_000)),

  async "output on stderr is bounded as that on stdout is"({ dialect, run }) {
    const { outcome, stderr, truncated } = await run(dialect.limits.floodStderr, {
      limits: { maxOutputBytes: 1_000, maxTotalOutputBytes: 1_000_000 },
    });
    assert(outcome.kind === "output_limit" && outcome.limitBytes === 1_000_000 && outcome.observedBytes > 1_000_000);
    assertEquals([stderr, truncated], ["x".repeat(1_000), { stdout: 0, stderr: 999_000 }]);
  },
};

/** The limits on what programs use that start others. */
export const CHILD_LIMIT_CHECKS: Checks = {
  async "processes are bounded"(bench) {
    const result = await bench.run(processesOf(bench.dialect).startChildren(48, "sleep 30"), { limits: TIGHT });
    assertEnded(result, PROCESSES);
    assert(result.outcome.kind === "process_limit" && result.outcome.observed > 8);
    await assertWorks(bench);
  },

  async "a fork bomb is ended, and leaves nothing"(bench) {
    const bomb = "bomb() { bomb | bomb & }; bomb; sleep 30";
    assertEnded(await bench.run(processesOf(bench.dialect).startChildren(1, bomb), { limits: TIGHT }), PROCESSES);
    await assertWorks(bench);
  },

  async "processes below the limit are a program's to use"({ dialect, run }) {
    const { outcome, stdout } = await run(processesOf(dialect).startChildren(5, "exec sleep 0.3"), { limits: TIGHT });
    assertEquals([outcome, stdout], [{ kind: "exited", exitCode: 0 }, "before\ndone\n"]);
  },

  async "memory of all processes is bounded together"(bench) {
    const code = processesOf(bench.dialect).startChildren(5, holdMemory(70_000_000));
    assertEnded(await bench.run(code, { limits: { ...TIGHT, maxProcesses: 64 } }), MEMORY);
    await assertWorks(bench);
  },

  async "CPU time of all processes is bounded together"(bench) {
    const code = processesOf(bench.dialect).startChildren(3, "while :; do :; done");
    assertEnded(await bench.run(code, { limits: { ...TIGHT, cpuMs: CPU_MS } }), CPU);
    await assertWorks(bench);
  },
};

function ends(program: (programs: LimitPrograms) => string, ended: Ended): Check {
  return async (bench) => {
    const result = await bench.run(program(bench.dialect.limits), { limits: TIGHT });
    assertEnded(result, ended);
    assertEquals(result.stdout, "before\n");
    await assertWorks(bench);
  };
}

function lives(program: (programs: LimitPrograms) => string): Check {
  return async ({ dialect, run }) => {
    const { outcome, stdout } = await run(program(dialect.limits), { limits: TIGHT });
    assertEquals([outcome, stdout], [{ kind: "exited", exitCode: 0 }, "before\ndone\n"]);
  };
}

/** In one file and in many, and their number. The programs exit with 0 where they are refused more. */
function diskChecks(place: Place): Checks {
  const write = (count: number, bytes: number) => ({ writeFiles }: LimitPrograms) =>
    writeFiles({ place, count, bytes });
  return {
    [`the bytes of one file are bounded: ${place}`]: endsFull(write(1, 16_000_000)),
    [`the bytes of many files are bounded: ${place}`]: endsFull(write(40, 400_000)),
    [`bytes below the limit are a program's to write: ${place}`]: lives(write(8, 400_000)),
    async [`the number of files is bounded: ${place}`](bench) {
      const { outcome } = await bench.run(write(4_000, 0)(bench.dialect.limits), { limits: TIGHT });
      assert(outcome.kind === "disk_limit" && outcome.limitMb === 4, JSON.stringify(outcome));
      assert((outcome.observedFiles ?? 0) > (outcome.limitFiles ?? Infinity), JSON.stringify(outcome));
    },
    [`files below the limit are a program's to make: ${place}`]: lives(write(600, 1)),
  };
}

/** The next program runs when something has been deleted. */
function endsFull(program: (programs: LimitPrograms) => string): Check {
  return async (bench) => {
    const result = await bench.run(program(bench.dialect.limits), { limits: TIGHT });
    assertEnded(result, DISK);
    assert(result.outcome.kind === "disk_limit" && result.outcome.observedMb > 4, JSON.stringify(result.outcome));
    if (!bench.lasts) return;
    for (const { name } of (await bench.environment.files.list(".")).children ?? []) {
      await bench.environment.files.delete(name);
    }
    if (result.outcome.observedFiles === undefined) await assertWorks(bench);
  };
}

function assertEnded({ outcome }: ProgramResult, { kind, limits }: Ended): void {
  const told: Readonly<Record<string, unknown>> = { ...outcome };
  const [[name, limit] = ["", 0]] = Object.entries(limits);
  assertEquals([told["kind"], told[name]], [kind, limit], JSON.stringify(outcome));
  const observed = Number(told[name.replace(/^limit/, "observed")]);
  assert(observed >= limit, JSON.stringify(outcome));
}

/** Where the environment lasts, the next program runs in it, with limits that what was left behind would have used up. */
async function assertWorks({ dialect, lasts, run }: Bench): Promise<void> {
  if (!lasts) return;
  const { outcome, stdout } = await run(dialect.hello, { limits: TIGHT });
  assertEquals([outcome, stdout], [{ kind: "exited", exitCode: 0 }, "hello\n"]);
}
