import type { CoreTimes } from "./process_tree.ts";

/** A program waits for the cores at most this many times its limit. */
const MAX_STRETCH = 10;

/** Longest wait, in ms, for the status of a program that has ended. */
const NEWS_MS = 50;

/** A program's limit of time. */
export interface DeadlineRequest {
  /** The limit in ms. Time in which the program only waited for a core does not count. */
  readonly limitMs: number;
  /** The program's core times since its begin. Undefined where the program has ended. */
  coreTimes(): CoreTimes | undefined;
  /** Called once, when the program has had its time. */
  onPassed(): void;
}

/**
 * Starts the deadline of a program. Time in which other programs had the cores does not count, or a busy machine would
 * end programs that are fast enough: of 280 programs that compute for 0.7 s, eight at a time on two cores with a limit
 * of 1 to 1.5 s, most in Go and Java passed it. It is read only once the limit has passed on the clock, and the program
 * ends at ten times its limit whatever it waited for.
 *
 * @returns what stops the deadline
 */
export function startDeadline({ coreTimes, limitMs, onPassed }: DeadlineRequest): Disposable {
  const beganAt = performance.now();
  const cores = navigator.hardwareConcurrency;
  let timer = setTimeout(look, limitMs);
  function look(): void {
    const wallMs = performance.now() - beganAt;
    const times = coreTimes();
    if (times === undefined) {
      timer = setTimeout(onPassed, NEWS_MS);
      return;
    }
    const endsAtMs = Math.min(limitMs + lostMs(times, wallMs, cores), limitMs * MAX_STRETCH);
    if (endsAtMs <= wallMs) onPassed();
    else timer = setTimeout(look, Math.ceil(endsAtMs - wallMs));
  }
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/**
 * The part of `wallMs` in which others had a program's cores. Threads beyond the number of cores wait for each other,
 * and that is not lost.
 */
export function lostMs({ runMs, waitMs }: CoreTimes, wallMs: number, cores: number): number {
  const wantedMs = Math.min(runMs + waitMs, cores * wallMs);
  const coresWanted = Math.max(1, wantedMs / wallMs);
  return Math.max(0, wantedMs - runMs) / coresWanted;
}
