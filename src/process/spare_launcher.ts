import type { InheritedFile, SystemCalls } from "../host/system_calls.ts";
import { isAlive } from "./process_tree.ts";
import { type SpareProcess, spawnGroup } from "./spawn.ts";

/** How long after the end of a process the next one is started, in ms: an answer leaves first. */
const REST_MS = 10;

/** What processes that wait are started from. */
export interface SpareLauncherOptions {
  /** A command line that leads a session (setsid(1)), and reads on stdin the line that says what it becomes. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly calls: Pick<SystemCalls, "openInheritedFile">;
}

/** What a process that waits becomes. */
export interface SpareRequest {
  /** What it reads from the descriptor. */
  readonly input: Uint8Array<ArrayBuffer>;
  /** The line that it reads on stdin; undefined where no line says it. */
  lineFor(descriptor: number): string | undefined;
}

interface Waiting extends Pick<SpareProcess, "process"> {
  readonly file: InheritedFile;
}

/**
 * One process that has started, waits, and knows nothing of a program yet: it becomes the next one's launchers, which then
 * begin 2 ms sooner. It ends with this service, however that ends. Disposing ends it.
 */
export class SpareLauncher implements AsyncDisposable {
  readonly #options: SpareLauncherOptions;
  #waiting: Waiting | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  constructor(options: SpareLauncherOptions) {
    this.#options = options;
  }

  /** The process that waits, if the line for it can be said; undefined where none waits. */
  take({ input, lineFor }: SpareRequest): SpareProcess | undefined {
    const waiting = this.#waiting;
    const line = waiting && lineFor(waiting.file.descriptor);
    if (waiting === undefined || line === undefined || !isAlive(waiting.process.pid)) return undefined;
    try {
      waiting.file.write(input);
    } catch {
      this.#forget(waiting);
      return undefined; // No memory for it: what is started instead may find some, or tells that.
    }
    this.#waiting = undefined;
    const { file, process } = waiting;
    file[Symbol.dispose]();
    return {
      process,
      become() {
        const writer = process.stdin.getWriter();
        writer.write(new TextEncoder().encode(line)).catch(() => {}); // It has ended, as its follower sees.
        writer.releaseLock();
      },
    };
  }

  /** Starts the next process a moment from now, where none waits. */
  refill(): void {
    if (this.#isDisposed || this.#waiting !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#start();
    }, REST_MS);
    Deno.unrefTimer(this.#timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) await end(waiting);
  }

  #start(): void {
    const { argv, calls, cwd } = this.#options;
    try {
      using unused = new DisposableStack();
      const file = unused.use(calls.openInheritedFile(new Uint8Array()));
      const process = spawnGroup({ argv, cwd, env: {}, leadsGroup: true, onSpawned: () => {} });
      unused.move();
      const waiting = { file, process };
      this.#waiting = waiting;
      process.status.then(() => this.#forget(waiting));
      if (!file.closeOnExec()) this.#giveUp(waiting);
    } catch {
      // Best effort: without it, the next program starts its launchers itself.
    }
  }

  /** Starts none on this machine, where other children would inherit its file. */
  #giveUp(waiting: Waiting): void {
    this.#isDisposed = true;
    this.#forget(waiting);
  }

  /** Ends a process that becomes nothing, or that something else has ended. */
  #forget(waiting: Waiting): void {
    if (this.#waiting !== waiting) return;
    this.#waiting = undefined;
    void end(waiting);
  }
}

/** Ends a process that waits: it reads the end of its stdin. */
async function end({ file, process }: Waiting): Promise<void> {
  file[Symbol.dispose]();
  await process.stdin.close().catch(() => {}); // It has ended already.
  await Promise.all([process.status, process.stdout.cancel(), process.stderr.cancel()]);
}
