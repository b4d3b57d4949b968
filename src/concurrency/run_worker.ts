import { CodeBeakerError } from "../core/errors.ts";
import { withDeadline } from "./deadline.ts";

/** How a task is done. */
export interface RunWorkerOptions {
  /** The task is given up after so long. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Has a module that answers one message do a task beside the event loop, in a Worker of its own that is gone with its
 * answer.
 *
 * @throws {CodeBeakerError} `too_large` when it is not done in time; `internal` when the module fails
 * @throws the reason of `signal` when it is aborted first
 */
export async function runWorker<Answer>(
  module: URL,
  task: unknown,
  { deadlineMs, signal }: RunWorkerOptions,
): Promise<Answer> {
  signal?.throwIfAborted();
  const answer = Promise.withResolvers<Answer>();
  const worker = new Worker(module, { type: "module" });
  worker.onmessage = ({ data }) => answer.resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    answer.reject(new CodeBeakerError("internal", `A worker failed: ${event.message}`));
  };
  const toError = () => new CodeBeakerError("too_large", `Cannot do this in ${deadlineMs} ms`);
  try {
    worker.postMessage(task);
    return await withDeadline(() => answer.promise, { timeoutMs: deadlineMs, toError, signal });
  } finally {
    worker.terminate();
  }
}
