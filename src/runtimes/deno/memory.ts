import type { MemoryEnding } from "../process/spec.ts";

/**
 * The signs of a program that ran out of memory. V8 or the allocator ends it, or the program does not catch a refused
 * allocation.
 */
export const MEMORY_ENDINGS: readonly MemoryEnding[] = [
  {
    pattern: /Fatal JavaScript out of memory|Fatal process out of memory|memory allocation of \d+ bytes failed/,
    endings: ["SIGTRAP", "SIGABRT"],
  },
  {
    pattern:
      /Uncaught .{0,40}RangeError: (Array buffer allocation failed|WebAssembly\.Memory\(\): could not allocate memory|WebAssembly\.Memory\.grow\(\): Unable to grow instance memory)/,
    endings: [1],
  },
];

/** The most Workers of a program. */
const MAX_WORKERS = 4;

/**
 * The bytes that V8 reserves as data before a program begins. It reserves some for itself, and again for each Worker.
 * Measured with RLIMIT_DATA and Deno 2.9.6: Deno did not start with 540 MB and did with 600; four Workers took 2,900
 * MB.
 */
export const RESERVED_BYTES = 600e6 + MAX_WORKERS * 575e6;
