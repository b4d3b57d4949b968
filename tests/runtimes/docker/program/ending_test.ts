import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import type { Outcome } from "../../../../src/core/execution.ts";
import type { DiskUsage } from "../../../../src/host/size_watch.ts";
import {
  type Ending,
  endingOf,
  type FinalDisk,
  outcomeOf,
  parseDisk,
  parseEnding,
  UNKNOWN_DISK,
} from "../../../../src/runtimes/docker/program/ending.ts";
import { diskBounds } from "../../../../src/sandbox/confined_directory.ts";

const LIMITS = { ...DEFAULT_LIMITS, memoryMb: 100, diskMb: 20 };
const MEBIBYTE = 1_048_576;
const EXITED: Ending = {
  status: 0,
  isSignalled: false,
  wasOutOfMemory: false,
  wasRefusedTasks: false,
};
const FULL: FinalDisk = { ...UNKNOWN_DISK, isFull: true };

function outcome(
  ending: Partial<Ending>,
  { disk = UNKNOWN_DISK, peakMemoryBytes = null }: {
    readonly disk?: FinalDisk;
    readonly peakMemoryBytes?: number | null;
  } = {},
): Outcome {
  return outcomeOf({ ...EXITED, ...ending }, { disk, limits: LIMITS, peakMemoryBytes });
}

Deno.test("parseEnding() reads the launcher's four words, and ignores more", () => {
  const table: [string, Partial<Ending>][] = [
    ["0 0 0 0", {}],
    ["7 0 0 0 1 4096 1", { status: 7 }],
    ["137 1 0 0", { status: 137, isSignalled: true }],
    ["137 1 1 0", { status: 137, isSignalled: true, wasOutOfMemory: true }],
    ["2 0 0 5", { status: 2, wasRefusedTasks: true }],
    ["1 0 3 0 5000000 1024 3", { status: 1, wasOutOfMemory: true }],
  ];
  for (const [words, ending] of table) assertEquals(parseEnding(words.split(" ")), { ...EXITED, ...ending }, words);
});

Deno.test("parseDisk() reads the launcher's three words, and counts other words as 0", () => {
  const table: [string, FinalDisk][] = [
    ["0 0 0", UNKNOWN_DISK],
    ["0 4096 1", { isFull: false, usage: { bytes: 4096, files: 1 } }],
    ["1 - x", FULL],
    ["", UNKNOWN_DISK],
  ];
  for (const [words, disk] of table) assertEquals(parseDisk(words.split(" ")), disk, words);
});

Deno.test("parseEnding() rejects words that no launcher writes", () => {
  for (const words of ["", "256 0 0 0", "-1 0 0 0", "1e3 1 0 0", "999871 1 0 0", "x 1 0 0"]) {
    assertEquals(parseEnding(words.split(" ")), undefined, words);
  }
});

Deno.test("endingOf() reads the Engine's exit code as a signal above 128 only", () => {
  for (
    const [exitCode, isSignalled] of [[0, false], [1, false], [128, false], [129, true], [137, true], [
      255,
      true,
    ]] as const
  ) {
    const ending = { ...EXITED, status: exitCode, isSignalled };
    assertEquals(endingOf({ exitCode, oomKilled: false }), ending);
    assertEquals(endingOf({ exitCode, oomKilled: true }), { ...ending, wasOutOfMemory: true });
  }
});

Deno.test("outcomeOf() gives every exit code, above 128 too where no signal ended the program", () => {
  for (let status = 0; status <= 255; status++) {
    assertEquals(outcome({ status }), { kind: "exited", exitCode: status });
  }
});

Deno.test("outcomeOf() names the signal that ended a program, by its number where it has no name", () => {
  const table: [number, string][] = [
    [1, "SIGHUP"],
    [2, "SIGINT"],
    [3, "SIGQUIT"],
    [4, "SIGILL"],
    [5, "SIGTRAP"],
    [6, "SIGABRT"],
    [7, "SIGBUS"],
    [8, "SIGFPE"],
    [9, "SIGKILL"],
    [10, "SIGUSR1"],
    [11, "SIGSEGV"],
    [12, "SIGUSR2"],
    [13, "SIGPIPE"],
    [14, "SIGALRM"],
    [15, "SIGTERM"],
    [16, "SIGSTKFLT"],
    [24, "SIGXCPU"],
    [26, "SIGVTALRM"],
    [27, "SIGPROF"],
    [29, "SIGIO"],
    [30, "SIGPWR"],
    [31, "SIGSYS"],
    [34, "SIG34"],
    [64, "SIG64"],
  ];
  for (const [number, signal] of table) {
    assertEquals(outcome({ status: 128 + number, isSignalled: true }), { kind: "signaled", signal });
  }
});

Deno.test("outcomeOf() gives memory_limit when the kernel killed a process, with at least the limit as observed", () => {
  const memory = (observedMb: number): Outcome => ({ kind: "memory_limit", limitMb: 100, observedMb });
  for (
    const ending of [{ status: 137, isSignalled: true }, { status: 1 }, { status: 137 }]
  ) {
    assertEquals(outcome({ ...ending, wasOutOfMemory: true }), memory(100));
    assertEquals(outcome({ ...ending, wasOutOfMemory: true }, { disk: FULL }), memory(100));
  }
  const seen = (peakMemoryBytes: number) => outcome({ status: 1, wasOutOfMemory: true }, { peakMemoryBytes });
  assertEquals(seen(30 * MEBIBYTE), memory(100));
  assertEquals(seen(100 * MEBIBYTE), memory(100));
  assertEquals(seen(100 * MEBIBYTE + 1), memory(101));
});

Deno.test("outcomeOf() reports a refused process, with one above the limit as observed", () => {
  const limit: Outcome = { kind: "process_limit", limit: LIMITS.maxProcesses, observed: LIMITS.maxProcesses + 1 };
  for (const status of [0, 2]) assertEquals(outcome({ status, wasRefusedTasks: true }), limit);
});

Deno.test("outcomeOf() gives disk_limit for a disk above its limit, whatever the exit code is", () => {
  const full = diskBounds(LIMITS.diskMb);
  for (const status of [0, 1]) {
    const holding = (usage: Partial<DiskUsage>) =>
      outcome({ status }, { disk: { isFull: false, usage: { ...full, ...usage } } });
    assertEquals(holding({}), { kind: "exited", exitCode: status });
    assertEquals(holding({ bytes: full.bytes + 1 }), {
      kind: "disk_limit",
      limitMb: 20,
      observedMb: 25,
    });
    assertEquals(holding({ bytes: 0, files: full.files + 1 }), {
      kind: "disk_limit",
      limitMb: 20,
      observedMb: 0,
      limitFiles: full.files,
      observedFiles: full.files + 1,
    });
  }
});

Deno.test("outcomeOf() gives disk_limit for a failed program and a full disk that is not the workspace's", () => {
  const disk: Outcome = { kind: "disk_limit", limitMb: 20, observedMb: 20 };
  assertEquals(outcome({ status: 1 }, { disk: FULL }), disk);
  assertEquals(outcome({ status: 134, isSignalled: true }, { disk: FULL }), disk);
  assertEquals(outcome({}, { disk: FULL }), { kind: "exited", exitCode: 0 });
});

Deno.test("outcomeOf() gives memory_limit to a program that exits with 0 after the kernel killed its child", () => {
  assertEquals(outcome({ wasOutOfMemory: true }), { kind: "memory_limit", limitMb: 100, observedMb: 100 });
});
