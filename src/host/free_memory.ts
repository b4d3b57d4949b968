import type { Clock } from "../concurrency/clock.ts";
import { openCLibrary } from "./system_calls.ts";

/** Interval of the releases. Each takes up to some milliseconds, in which this process does nothing else. */
const INTERVAL_MS = 2_000;

/** malloc_trim(3), which musl lacks, and mallopt(3). */
const SYMBOLS = {
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
  mallopt: { parameters: ["i32", "i32"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

const M_MMAP_THRESHOLD = -3;
const MMAP_THRESHOLD_BYTES = 131_072;

/**
 * Returns free memory of this process to the system, until disposed of. glibc by itself keeps most of the memory that
 * the highest load needed: it looks like a leak, and no other process can use it.
 */
export function giveBackMemory(clock: Clock): Disposable {
  using stack = new DisposableStack();
  const library = openCLibrary(SYMBOLS);
  if (library !== undefined) {
    const { mallopt, malloc_trim } = library.symbols;
    stack.defer(() => library.close());
    // Large blocks come from the system, and go back to it when they are free. Otherwise glibc would learn to keep
    // them, and with them the memory between them.
    mallopt?.(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
    stack.use(clock.every(INTERVAL_MS, () => malloc_trim?.(0n)));
  }
  return stack.move();
}
