import type { Clock } from "../concurrency/clock.ts";
import { openCLibrary } from "./system_calls.ts";

/** It takes up to some milliseconds, in which nothing else is done. */
const INTERVAL_MS = 2_000;

/** malloc_trim(3), which musl has not, and mallopt(3). */
const SYMBOLS = {
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
  mallopt: { parameters: ["i32", "i32"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

const M_MMAP_THRESHOLD = -3;
const MMAP_THRESHOLD_BYTES = 131_072;

/**
 * Gives memory of this process that is free back to the system, until it is disposed of: glibc by itself keeps most of
 * what the largest load took, which looks like a leak and is nobody else's meanwhile.
 */
export function giveBackMemory(clock: Clock): Disposable {
  using stack = new DisposableStack();
  const library = openCLibrary(SYMBOLS);
  if (library !== undefined) {
    const { mallopt, malloc_trim } = library.symbols;
    stack.defer(() => library.close());
    // Large blocks come from the system, and go back to it when they are free: glibc would learn to keep them, and with
    // them what lies between.
    mallopt?.(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
    stack.use(clock.every(INTERVAL_MS, () => malloc_trim?.(0n)));
  }
  return stack.move();
}
