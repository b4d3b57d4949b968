/** Shows the progress of long tasks. */
export interface Progress {
  /** Aborts when the wait ends early. */
  readonly signal: AbortSignal;
  /** Shows a task until it is disposed of. */
  begin(task: string): ProgressTask;
}

/** A task that is shown. */
export interface ProgressTask extends Disposable {
  /** Shows how far the task is. */
  update(detail: string): void;
}
