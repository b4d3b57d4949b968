import type { Clock } from "../concurrency/clock.ts";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import type { Storage } from "../storage/storage.ts";

/** How often rows beyond their retention are removed. */
const PRUNE_INTERVAL_MS = 600_000;
/** How often failed writes are tried again. */
const FLUSH_INTERVAL_MS = 1_000;

/**
 * Records the executions that a lost service left unfinished as interrupted.
 *
 * @throws {CodeBeakerError} `internal` when they cannot be recorded
 */
export function endUnfinished(storage: Storage): void {
  try {
    storage.executions.endUnfinished();
  } catch (cause) {
    throw new CodeBeakerError(
      "internal",
      `Cannot start as the unfinished executions of an earlier service cannot be recorded: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Removes old rows and retries failed writes, now and regularly. Disposing ends it. */
export function maintainStorage(storage: Storage, clock: Clock): Disposable {
  using timers = new DisposableStack();
  prune(storage);
  timers.use(clock.every(PRUNE_INTERVAL_MS, () => prune(storage)));
  timers.use(clock.every(FLUSH_INTERVAL_MS, () => storage.flush()));
  return timers.move();
}

function prune(storage: Storage): void {
  try {
    storage.prune(new Date());
  } catch (error) {
    log.warning("storage.prune_failed", { error: messageOf(error) });
  }
}
