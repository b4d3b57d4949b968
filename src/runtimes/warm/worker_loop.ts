/** Runs one task after the other, for as long as it may. */
export class WorkerLoop {
  readonly #mayRun: () => boolean;
  #isRunning = false;
  #settled: Promise<void> = Promise.resolve();

  constructor(mayRun: () => boolean) {
    this.#mayRun = mayRun;
  }

  /** Settles when no task runs. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Runs the tasks that `next` gives until there is none, unless it does so already. A failing task is skipped. */
  wake(next: () => (() => Promise<void>) | undefined): void {
    if (!this.#isRunning) this.#settled = this.#run(next);
  }

  async #run(next: () => (() => Promise<void>) | undefined): Promise<void> {
    this.#isRunning = true;
    while (this.#mayRun()) {
      const task = next();
      if (task === undefined) break;
      await task().catch(() => {}); // Best effort: without it, the next start is cold.
    }
    this.#isRunning = false;
  }
}
