import type { InheritedFile, SystemCalls } from "../host/system_calls.ts";
import { isAlive } from "./process_tree.ts";
import { type SpareProcess, spawnGroup } from "./spawn.ts";

/** Time between the end of a process and the start of the next, in ms. In it an answer can leave first. */
const REST_MS = 10;

/** The parts from which spare processes are started. */
export interface SpareLauncherOptions {
  /** A command line that leads a session (setsid(1)). It reads a line on stdin that says what it becomes. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly calls: Pick<SystemCalls, "openInheritedFile">;
  /**
   * Runs the start of a process in a place of its own, and returns both. Undefined where there is no place. Absent,
   * processes see the mounts of this service.
   */
  startInPlace?: (<Started>(start: () => Started) => StartedInPlace<Started> | undefined) | undefined;
}

/**
 * The mounts that a process sees. The kernel removes them when neither a process nor this object has them; removing
 * them delays the end of a last process. Disposing forgets them.
 */
export interface LauncherPlace extends Disposable {
  /** Adds mounts of this service, by their paths. Returns whether all are there. */
  show(mounts: readonly string[]): boolean;
  /** Forgets the mounts in another thread, in place of disposing. */
  release(): Promise<void>;
}

/** A process that was started, and its place. */
export interface StartedInPlace<Started> {
  readonly started: Started;
  readonly place: LauncherPlace;
}

/** The program's launchers that a spare process becomes. */
export interface SpareRequest {
  /** Makes the bytes that the process reads from the descriptor. */
  input(): Uint8Array<ArrayBuffer>;
  /** The mounts that the process sees in a place of its own. Undefined where it needs those of this service. */
  readonly mounts: readonly string[] | undefined;
  /** Makes the line that the process reads on stdin. Undefined where no line can express the command line. */
  lineFor(descriptor: number): string | undefined;
}

interface Waiting extends Pick<SpareProcess, "process"> {
  readonly file: InheritedFile;
  readonly place?: LauncherPlace | undefined;
}

/**
 * Keeps one spare process that has started and waits, without anything of a program yet. It becomes the next program's
 * launchers, which then begin 2 ms sooner. It ends with this service, however that ends. Disposing ends it.
 */
export class SpareLauncher implements AsyncDisposable {
  readonly #options: SpareLauncherOptions;
  #waiting: Waiting | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  constructor(options: SpareLauncherOptions) {
    this.#options = options;
  }

  /** Takes the spare process with its place. Undefined without one, or without a line that it can become. */
  take({ input, lineFor, mounts }: SpareRequest): SpareProcess & Pick<Waiting, "place"> | undefined {
    const waiting = this.#waiting;
    const line = waiting && lineFor(waiting.file.descriptor);
    if (waiting === undefined || line === undefined || !isAlive(waiting.process.pid)) return undefined;
    const { file, place, process } = waiting;
    if (place !== undefined && mounts === undefined) return undefined;
    try {
      file.write(input());
      if (place?.show(mounts ?? []) === false) throw new Error("Its mounts cannot be shown");
    } catch {
      this.#forget(waiting);
      return undefined; // There is no memory for the options: a process started instead may find some, or reports that.
    }
    this.#waiting = undefined;
    file[Symbol.dispose]();
    return {
      process,
      place,
      become() {
        const writer = process.stdin.getWriter();
        writer.write(new TextEncoder().encode(line)).catch(() => {}); // The process has ended, as its follower sees.
        writer.releaseLock();
      },
    };
  }

  /** Starts the next spare process a moment from now, unless one waits. */
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
    const { argv, calls, cwd, startInPlace = (start) => ({ started: start(), place: undefined }) } = this.#options;
    try {
      using unused = new DisposableStack();
      const file = unused.use(calls.openInheritedFile(new Uint8Array()));
      const begun = startInPlace(() => spawnGroup({ argv, cwd, env: {}, leadsGroup: true, onSpawned: () => {} }));
      if (begun === undefined) return; // The next program starts its launchers itself.
      unused.move();
      const { place, started: process } = begun;
      const waiting = { file, place, process };
      this.#waiting = waiting;
      process.status.then(() => this.#forget(waiting));
      if (!file.closeOnExec()) this.#giveUp(waiting);
    } catch {
      // Best effort: without a spare process, the next program starts its launchers itself.
    }
  }

  /** Keeps no spare process on this machine, where other children would inherit its file. */
  #giveUp(waiting: Waiting): void {
    this.#isDisposed = true;
    this.#forget(waiting);
  }

  /** Ends a spare process that is of no use, or has ended. */
  #forget(waiting: Waiting): void {
    if (this.#waiting !== waiting) return;
    this.#waiting = undefined;
    void end(waiting);
  }
}

/** Ends a spare process, which reads the end of its stdin. */
async function end({ file, place, process }: Waiting): Promise<void> {
  file[Symbol.dispose]();
  await process.stdin.close().catch(() => {}); // The process has ended already.
  await Promise.all([process.status, process.stdout.cancel(), process.stderr.cancel()]);
  await place?.release();
}
