import type { MemoryEnding } from "../process/spec.ts";

/** How V8 and the allocator end a process without memory, and how it ends that did not catch a refusal of some. */
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

/** Workers that a program may have. */
const MAX_WORKERS = 4;

/**
 * What V8 reserves as data before a program begins, for itself and again for each Worker. Measured with RLIMIT_DATA and
 * Deno 2.9.6: 540 MB did not start it and 600 did; four Workers took 2,900 MB.
 */
export const RESERVED_BYTES = 600e6 + MAX_WORKERS * 575e6;
