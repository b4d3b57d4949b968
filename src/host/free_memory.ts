import type { Clock } from "../concurrency/clock.ts";
import { SystemCalls } from "./system_calls.ts";

/** It takes up to some milliseconds, in which nothing else is done. */
const INTERVAL_MS = 2_000;

/**
 * Gives memory of this process that is free back to the system, until it is disposed of: glibc by itself keeps most of
 * what the largest load took, which looks like a leak and is nobody else's meanwhile.
 */
export function giveBackMemory(clock: Clock): Disposable {
  using stack = new DisposableStack();
  const calls = SystemCalls.open();
  if (calls !== undefined) {
    stack.use(calls);
    calls.keepNoLargeBlocks();
    stack.use(clock.every(INTERVAL_MS, () => calls.giveBackMemory()));
  }
  return stack.move();
}
