import { CodeBeakerError } from "../core/errors.ts";
import { withDeadline } from "./deadline.ts";

/** The bounds of a task. */
export interface RunWorkerOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does a task in a new Worker, whose module answers one message. Terminates the Worker at the end. In Deno 2.9.6 a
 * Worker that computes goes on until it yields, so a task bounds its own time.
 *
 * @throws {CodeBeakerError} `too_large` at the deadline; `internal` when the module fails
 * @throws the reason of `signal` when it aborts first
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
  const toError = () => new CodeBeakerError("too_large", `Cannot do this within ${deadlineMs} ms: do it in parts`);
  try {
    worker.postMessage(task);
    return await withDeadline(() => answer.promise, { timeoutMs: deadlineMs, toError, signal });
  } finally {
    worker.terminate();
  }
}
