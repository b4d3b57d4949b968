import type { RuntimeHost } from "../port.ts";

/** How long an idle process is kept for its next program. */
export const KEEP_MS = 60_000;

/** The memory of an idle process, and its end. */
export interface IdleHoldOptions {
  /** The budget that lends memory to it; undefined where memory is not counted. */
  readonly budget: RuntimeHost["memory"];
  readonly memoryMb: number;
  /** Called when the process was kept for a minute. The timer keeps no service alive. */
  onExpired(): void;
}

/** Memory for an idle process, and a timer of a minute. Undefined when the budget has no memory for it. */
export function holdIdle({ budget, memoryMb, onExpired }: IdleHoldOptions): DisposableStack | undefined {
  const memory = budget?.forWorkspace(memoryMb);
  if (budget !== undefined && memory === undefined) return undefined;
  const held = new DisposableStack();
  held.use(memory);
  const timer = setTimeout(onExpired, KEEP_MS);
  Deno.unrefTimer(timer);
  held.defer(() => clearTimeout(timer));
  return held;
}
