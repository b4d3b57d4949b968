import { settledWithin } from "../../../concurrency/delay.ts";
import type { Outcome } from "../../../core/execution.ts";
import { GRACE_MS } from "../../../process/terminate.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import type { ProgramControl } from "./program_control.ts";

/** How long a kill waits for a last sample of the program's usage. */
const LAST_SAMPLE_MS = 500;

/** Everything that a program is ended with. */
export interface TerminationOptions {
  readonly control: Pick<ProgramControl, "signal">;
  /** The launcher's process id; undefined before the launcher reports it. */
  readonly launcherPid: number | undefined;
  /** Samples the program's usage, which is lost with the container. */
  sample(): Promise<unknown>;
  /** Called with the cause when no signal could be sent for it. */
  onEngineLost(cause: Outcome): void;
}

/** Ends a program. The first cause wins; later ones do nothing. */
export class Termination {
  readonly #options: TerminationOptions;
  readonly #exited = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<"gone">();
  #launcherPid: number | undefined;
  #cause: Outcome | undefined;
  #signals: Promise<boolean> | undefined;
  #sent: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: TerminationOptions) {
    this.#options = options;
    this.#launcherPid = options.launcherPid;
  }

  /** The first cause; undefined while there is none. */
  get cause(): Outcome | undefined {
    return this.#cause;
  }

  /** Settles when a signal is known to have left no process. */
  get gone(): Promise<"gone"> {
    return this.#gone.promise;
  }

  /** Settles when the signals so far, and those for the cause, are sent. A later signal would hit the next program. */
  get signalsSent(): Promise<unknown> {
    return Promise.all([this.#signals, this.#sent]);
  }

  /** Sets the launcher's process id, and signals the launcher if there is a cause already. */
  setLauncher(pid: number): void {
    this.#launcherPid = pid;
    if (this.#cause !== undefined) this.#terminate();
  }

  /** Ends the program: by SIGKILL, or by SIGTERM first. */
  end(cause: Outcome, how: "kill" | "terminate"): void {
    if (this.#cause !== undefined || this.#isClosed) return;
    this.#cause = cause;
    this.#signals = how === "kill" ? this.send("SIGKILL") : this.#terminate();
    this.#signals.then((isSent) => isSent ? undefined : this.#options.onEngineLost(cause));
  }

  /** Sends one signal; resolves to false if the Engine was lost. */
  send(signal: string): Promise<boolean> {
    const sent = this.#send(signal);
    this.#sent = Promise.all([this.#sent, sent]);
    return sent;
  }

  async #send(signal: string): Promise<boolean> {
    try {
      if (await this.#options.control.signal(signal, this.#launcherPid)) this.#gone.resolve("gone");
      return true;
    } catch (error) {
      return !isEngineLost(error);
    }
  }

  /** Marks that the program has exited: it needs no SIGKILL. */
  markExited(): void {
    this.#exited.resolve();
  }

  /** Marks that the outcome is settled: later causes do nothing. */
  close(): void {
    this.#isClosed = true;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async #terminate(): Promise<boolean> {
    if (!await this.send("SIGTERM")) return false;
    let hasExited = false;
    const exited = this.#exited.promise.then(() => hasExited = true);
    await settledWithin(exited, GRACE_MS);
    if (!hasExited) await settledWithin(Promise.race([exited, this.#options.sample()]), LAST_SAMPLE_MS);
    return hasExited || await this.send("SIGKILL");
  }
}
