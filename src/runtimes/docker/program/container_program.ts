import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import type { CompileResult, Outcome, OutputChunk, ProgramUsage } from "../../../core/execution.ts";
import { MEBIBYTE } from "../../../core/limits.ts";
import { type DenialReport, NO_DENIALS } from "../../../core/denials/denial_report.ts";
import { OutputBudget } from "../../../process/child_output.ts";
import { settledWithin } from "../../../concurrency/delay.ts";
import { GRACE_MS } from "../../../process/terminate.ts";
import type { ProgramHandle } from "../../port.ts";
import type { Launcher } from "./attached_launcher.ts";
import { type Ending, endingOf, outcomeOf } from "./ending.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import { LastWords } from "./last_words.ts";
import { awaitReady, type Launch } from "./launch_phase.ts";
import type { LauncherEvent } from "./launcher_output.ts";
import type { ProgramControl, ProgramParts } from "./program_control.ts";
import { ProgramWatch } from "./program_watch.ts";
import type { EngineExit } from "../engine/engine_containers.ts";
import { boundsOf } from "../container/container_limits.ts";

const START_TIMEOUT_MS = 15_000;
const COMPILE_TIMEOUT_MS = 60_000;
/** What may be printed until the program is known to have begun: it is held in memory. */
const MAX_EARLY_BYTES = 8 * MEBIBYTE;
/** How long the kill of a program waits for what it has used until then. */
const LOOK_MS = 500;
/** How long the last words of a program that is gone are waited for while nobody reads them. */
const LAST_WORDS_MS = 500;
/** The end of a container that the Engine does not know any more. */
const REMOVED: EngineExit = { exitCode: 137, oomKilled: false };
/** Ways to end that somebody else may have chosen: the Engine's shutdown, for one. */
const FOREIGN_SIGNALS = ["SIGTERM", "SIGKILL"];

/** A program, and the launcher that was started for it. */
export interface ContainerProgramRequest extends Omit<ProgramParts, "control"> {
  readonly launcher: Launcher;
  readonly control: ProgramControl;
  /** The launcher's input, before the program's own stdin. */
  readonly input: readonly Uint8Array[];
}

/** A program that may begin. */
export interface StartedProgram {
  readonly program: ContainerProgram;
  readonly isWarm: boolean;
}

/**
 * A program in a container, from the moment in which it may begin. The first of these is its outcome: its own end, a
 * limit, its deadline, its cancellation.
 */
export class ContainerProgram implements ProgramHandle {
  readonly stdin: WritableStream<Uint8Array>;
  readonly output: ReadableStream<OutputChunk>;
  readonly outcome: Promise<Outcome>;
  compile?: CompileResult;
  readonly #request: ContainerProgramRequest;
  readonly #items: AsyncGenerator<OutputChunk | LauncherEvent>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #budget: OutputBudget;
  readonly #launched = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<Outcome>();
  /** Settles when the output has been read to its end, or nobody reads it any more. */
  readonly #drained = Promise.withResolvers<void>();
  readonly #told = Promise.withResolvers<"told">();
  /** Settles when nothing of it is left, and nobody tells of its end any more. */
  readonly #gone = Promise.withResolvers<"gone">();
  #launcherPid: number | undefined;
  #cause: Outcome | undefined;
  /** Settles when it is known how it ended, or that nobody knows. */
  readonly #known = Promise.withResolvers<void>();
  #stopping: Promise<boolean> | undefined;
  #hasEnded = false;
  readonly #watch: ProgramWatch;
  /** What was printed before the program was known to have begun. */
  #first: OutputChunk[] = [];
  readonly #lastWords: LastWords;

  private constructor(request: ContainerProgramRequest) {
    const { control, launcher: { attachment, items, pid }, limits } = request;
    this.#request = request;
    this.#watch = new ProgramWatch(control, limits);
    this.#lastWords = new LastWords(() => control.group?.diskNow());
    this.#items = items;
    this.#launcherPid = pid;
    this.#writer = attachment.stdin.getWriter();
    const limitBytes = limits.maxTotalOutputBytes;
    this.#budget = new OutputBudget(
      limitBytes,
      (observedBytes) => this.#end({ kind: "output_limit", limitBytes, observedBytes }, "kill"),
    );
    this.outcome = this.#settled.promise;
    this.stdin = new WritableStream({
      write: (bytes) => this.#writer.write(bytes),
      close: () => this.#writer.close(),
    });
    this.output = new ReadableStream({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#finish(),
    });
  }

  /**
   * Tells a launcher what to run; returns when the program may begin, or cannot since the compiler failed.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended, or hung, before; `too_large` when the
   *   workspace does not take the archive
   */
  static async start(
    request: ContainerProgramRequest,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ContainerProgram> {
    const program = new ContainerProgram(request);
    const cancel = () => program.#end({ kind: "cancelled" }, "terminate");
    signal?.addEventListener("abort", cancel);
    program.outcome.then(() => signal?.removeEventListener("abort", cancel));
    if (signal?.aborted) cancel();
    const launch = await program.#launch();
    program.#launched.resolve();
    if (launch.kind === "ready") program.#begin(launch);
    else program.#giveUp(launch);
    return program;
  }

  usage(): ProgramUsage {
    return this.#watch.usage;
  }

  sample(): Promise<unknown> {
    return this.#watch.lookByEngine();
  }

  denials(): DenialReport {
    return this.#request.denials?.report() ?? NO_DENIALS;
  }

  forgetDenials(): void {
    this.#request.denials?.forget();
  }

  kill(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#send(signal);
  }

  async #launch(): Promise<Launch> {
    const { compiles, control, input, limits } = this.#request;
    if (!compiles) this.#watch.prepare({ isCompiled: false });
    const timer = setTimeout(
      () => {
        if (compiles) this.#end({ kind: "timed_out", limitMs: COMPILE_TIMEOUT_MS }, "kill");
        else this.#send("SIGKILL").then((isTaken) => isTaken || this.#finish());
      },
      compiles ? COMPILE_TIMEOUT_MS : START_TIMEOUT_MS,
    );
    this.#tell(input).catch(() => {}); // The launcher is gone: that is told by the end of its output.
    let printed = 0;
    const observer = {
      onLaunched: (pid: number) => {
        this.#launcherPid = pid;
        if (this.#cause !== undefined) this.#terminate(); // What ended it came before there was somebody to tell.
      },
      onOutput: (bytes: number) => {
        printed += bytes;
        const limitBytes = Math.min(limits.maxTotalOutputBytes, MAX_EARLY_BYTES);
        if (printed > limitBytes) this.#end({ kind: "output_limit", limitBytes, observedBytes: printed }, "kill");
      },
      onCompiled: async () => {
        await control.onCompiled().catch((error: unknown) => {
          if (isEngineLost(error)) throw error;
          // Something that the compiler started holds more than the program may have.
          this.#end({ kind: "memory_limit", limitMb: limits.memoryMb, observedMb: limits.memoryMb }, "kill");
        });
        this.#watch.prepare({ isCompiled: true });
        await this.#tell([new TextEncoder().encode("go\n")]);
      },
    };
    try {
      const { memoryMb } = boundsOf(limits, { compiling: compiles });
      return await awaitReady(this.#items, { limits: { ...limits, memoryMb }, compiles, observer });
    } catch (error) {
      return { kind: "ended", said: messageOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  #begin({ first, cpuNs, compile }: Extract<Launch, { kind: "ready" }>): void {
    const { limits } = this.#request;
    this.#first = [...first];
    if (compile !== undefined) this.compile = compile;
    const deadline = setTimeout(
      () => this.#end({ kind: "timed_out", limitMs: limits.timeoutMs }, "terminate"),
      limits.timeoutMs,
    );
    this.#watch.begin(cpuNs, (outcome) => this.#end(outcome, "kill"));
    this.outcome.then(() => {
      clearTimeout(deadline);
      this.#watch.stop();
    });
    this.#findOutcome().then((outcome) => this.#settle(outcome));
  }

  /** The program never begins: its outcome is why, or the caller is told. */
  #giveUp(launch: Exclude<Launch, { kind: "ready" }>): void {
    if (launch.kind === "not_compiled") this.compile = launch.compile;
    const compiled = launch.kind === "not_compiled" ? launch.compile.outcome : undefined;
    const outcome = this.#cause ?? compiled;
    this.#known.resolve();
    this.#settle(outcome ?? { kind: "cancelled" });
    this.#finish();
    if (outcome !== undefined) return;
    if (launch.kind === "not_unpacked") {
      const { diskMb } = this.#request.limits;
      throw new CodeBeakerError("too_large", `Cannot run the program as its files are more than ${diskMb} MB`);
    }
    const said = launch.kind === "ended" && launch.said !== ""
      ? launch.said
      : "the container ended before the program could begin";
    throw new CodeBeakerError("runtime_unavailable", `Cannot start the program: ${said}`);
  }

  async #pull(controller: ReadableStreamDefaultController<OutputChunk>): Promise<void> {
    await this.#launched.promise; // A stream is asked for its first chunk as soon as it is made.
    for (;;) {
      const item = this.#lastWords.areComplete ? undefined : this.#first.shift() ?? await this.#next();
      if (item === undefined) {
        this.#finish();
        return controller.close();
      }
      if ("words" in item) {
        this.#takeLastWords(item.words);
        continue;
      }
      if (this.#lastWords.hasEnded) continue; // What it left running prints on.
      const bytes = this.#budget.take(item.bytes);
      this.#request.denials?.readOutput({ stream: item.stream, bytes });
      if (bytes.length > 0) return controller.enqueue({ stream: item.stream, bytes });
    }
  }

  async #next(): Promise<OutputChunk | LauncherEvent | undefined> {
    try {
      const { done, value } = await this.#items.next();
      return done ? undefined : value;
    } catch {
      return undefined; // The Engine is lost: that is told by `ended`.
    }
  }

  #takeLastWords(words: readonly string[]): void {
    const counts = this.#lastWords.take(words);
    if (counts !== undefined) {
      this.#request.denials?.setUnroutedPackets(counts.unrouted ?? 0);
      this.#watch.learn(counts);
    }
    if (this.#lastWords.areComplete) this.#told.resolve("told");
  }

  #finish(): void {
    this.#drained.resolve();
    this.#request.launcher.attachment[Symbol.dispose]();
  }

  async #findOutcome(): Promise<Outcome> {
    const { control } = this.#request;
    const waiting = new AbortController();
    const exit = control.ended(waiting.signal).catch((error: unknown) => isEngineLost(error) ? undefined : REMOVED);
    const known = await Promise.race([this.#told.promise, this.#gone.promise, exit]);
    waiting.abort();
    this.#known.resolve();
    if (typeof known !== "string") {
      await settledWithin(Promise.race([this.#told.promise, this.#drained.promise]), LAST_WORDS_MS);
    }
    await this.#stopping; // What comes late would meet the next program.
    if (this.#cause !== undefined) return this.#cause;
    if (this.#lastWords.ending !== undefined) return await this.#explain(this.#lastWords.ending);
    if (known === "gone") return await this.#explain(endingOf(REMOVED));
    if (known === undefined || known === "told") return { kind: "interrupted", reason: "the Docker Engine was lost" };
    return await this.#explain(endingOf(known));
  }

  async #explain(ending: Ending): Promise<Outcome> {
    const { control, limits } = this.#request;
    const { peakMemoryBytes } = this.#watch.usage;
    const found = outcomeOf(ending, { disk: this.#lastWords.disk, limits, peakMemoryBytes });
    if (found.kind !== "signaled" || !FOREIGN_SIGNALS.includes(found.signal)) return found;
    const isThere = await control.ping().then(() => true, () => false);
    return isThere ? found : { kind: "interrupted", reason: "the Docker Engine was stopped" };
  }

  #settle(outcome: Outcome): void {
    this.#hasEnded = true;
    this.#settled.resolve(outcome);
  }

  #end(because: Outcome, how: "kill" | "terminate"): void {
    if (this.#cause !== undefined || this.#hasEnded) return;
    this.#cause = because;
    this.#stopping = how === "kill" ? this.#send("SIGKILL") : this.#terminate();
    this.#stopping.then((isTaken) => isTaken ? undefined : this.#abandon(because));
  }

  /** Tells whether the Engine took the signals. */
  async #terminate(): Promise<boolean> {
    if (!await this.#send("SIGTERM")) return false;
    let isKnown = false;
    const known = this.#known.promise.then(() => isKnown = true);
    await settledWithin(known, GRACE_MS);
    if (!isKnown) await settledWithin(Promise.race([known, this.#watch.look()]), LOOK_MS);
    if (isKnown) return true;
    return await this.#send("SIGKILL");
  }

  /** Tells whether the Engine took the signal. */
  async #send(signal: string): Promise<boolean> {
    try {
      if (await this.#request.control.signal(signal, this.#launcherPid)) this.#gone.resolve("gone");
      return true;
    } catch (error) {
      return !isEngineLost(error);
    }
  }

  /** No Engine ends the program now: nobody waits for it, and whoever removes its container ends it. */
  #abandon(because: Outcome): void {
    this.#settle(because);
    this.#finish();
  }

  async #tell(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) await this.#writer.write(part);
  }
}
