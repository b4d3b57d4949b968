import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { CompileResult, Outcome, OutputChunk, ProgramUsage } from "../../core/execution.ts";
import { type Limits, MEBIBYTE } from "../../core/limits.ts";
import { settledWithin } from "../../system/delay.ts";
import { OutputBudget } from "../../system/child_output.ts";
import type { ProgramHandle } from "../runtime.ts";
import type { Attachment } from "./attachment.ts";
import { watchCpu } from "./cpu_watch.ts";
import { type Ending, endingOf, outcomeOf, parseEnding } from "./ending.ts";
import { isLost } from "./engine_call.ts";
import type { ContainerSample, EngineExit } from "./engine_client.ts";
import { boundsOf } from "./host_config.ts";
import { awaitReady, type Launch, numberOf } from "./launch_phase.ts";
import { type LauncherEvent, readLauncherOutput } from "./launcher_output.ts";

const START_TIMEOUT_MS = 15_000;
const COMPILE_TIMEOUT_MS = 60_000;
/** What may be printed until the program is known to have begun: it is held in memory. */
const MAX_EARLY_BYTES = 8 * MEBIBYTE;
/** How long a program may take to end by itself after SIGTERM. */
const GRACE_MS = 100;
/** How long the kill of a program waits for what it has used until then. */
const LOOK_MS = 500;
/** How long the last words of a program that is gone are waited for while nobody reads them. */
const LAST_WORDS_MS = 500;
/** The launcher tells the end on both streams: what came before on either is then complete. */
const ENDINGS = 2;
/** The end of a container that the Engine does not know any more. */
const REMOVED: EngineExit = { exitCode: 137, oomKilled: false };
/** Ways to end that somebody else may have chosen: the Engine's shutdown, for one. */
const FOREIGN_SIGNALS = ["SIGTERM", "SIGKILL"];

/** What a program's launcher is reached by. */
export interface ProgramControl {
  /** Signals the launcher and everything of its process group. */
  signal(signal: string, launcherPid: number | undefined): Promise<void>;
  /** Settles when the launcher has ended; rejects when the Engine is lost. Aborting ends the waiting. */
  ended(signal: AbortSignal): Promise<EngineExit>;
  /** What the container has used; undefined where nobody counts it. */
  sample(): Promise<ContainerSample | undefined>;
  /** Is called between the compiler and the program. */
  onCompiled(): Promise<void>;
  /** Rejects when the Engine does not answer. */
  ping(): Promise<void>;
}

/** A launcher that has been started, and what it is to be told. */
export interface ContainerProgramRequest {
  readonly attachment: Attachment;
  readonly control: ProgramControl;
  readonly secret: string;
  /** A tar archive in whole blocks, which the launcher unpacks first. */
  readonly archive?: Uint8Array | undefined;
  readonly compiles: boolean;
  readonly limits: Limits;
}

/**
 * A program in a container, from the moment in which it may begin. The first of these is its outcome: its own end, a limit, its
 * deadline, its cancellation.
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
  readonly #told = Promise.withResolvers<void>();
  #launcherPid: number | undefined;
  #cause: Outcome | undefined;
  #hasEnded = false;
  #usage: ProgramUsage = { cpuMs: null, peakMemoryBytes: null };
  #cpuNsBefore = 0;
  /** What was printed before the program was known to have begun. */
  #first: OutputChunk[] = [];
  #ending: Ending | undefined;
  #endingsSeen = 0;

  private constructor(request: ContainerProgramRequest) {
    const { attachment, limits } = request;
    this.#request = request;
    this.#items = readLauncherOutput(attachment.frames, request.secret);
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
   * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended, or hung, before; `too_large` when the workspace
   *   does not take the archive
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
    return this.#usage;
  }

  kill(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#send(signal);
  }

  async #launch(): Promise<Launch> {
    const { archive, compiles, control, limits, secret } = this.#request;
    const encoder = new TextEncoder();
    const timer = setTimeout(
      () => {
        if (compiles) this.#end({ kind: "timed_out", limitMs: COMPILE_TIMEOUT_MS }, "kill");
        else this.#send("SIGKILL").then((isTaken) => isTaken || this.#finish());
      },
      compiles ? COMPILE_TIMEOUT_MS : START_TIMEOUT_MS,
    );
    this.#tell([encoder.encode(`${secret} ${crypto.randomUUID()}\n`), ...(archive === undefined ? [] : [archive])])
      .catch(() => {}); // The launcher is gone: that is told by the end of its output.
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
          if (isLost(error)) throw error;
          // Something that the compiler started holds more than the program may have.
          this.#end({ kind: "memory_limit", limitMb: limits.memoryMb, observedMb: limits.memoryMb }, "kill");
        });
        await this.#tell([encoder.encode("go\n")]);
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
    this.#cpuNsBefore = cpuNs ?? 0;
    if (compile !== undefined) this.compile = compile;
    const deadline = setTimeout(
      () => this.#end({ kind: "timed_out", limitMs: limits.timeoutMs }, "terminate"),
      limits.timeoutMs,
    );
    const stopWatch = watchCpu({
      limits,
      look: () => this.#look(),
      onExceeded: (observedMs) => this.#end({ kind: "cpu_limit", limitMs: limits.cpuMs, observedMs }, "kill"),
    });
    this.outcome.then(() => {
      clearTimeout(deadline);
      stopWatch();
    });
    this.#findOutcome().then((outcome) => this.#settle(outcome));
  }

  /** The program never begins: its outcome is why, or the caller is told. */
  #giveUp(launch: Exclude<Launch, { kind: "ready" }>): void {
    if (launch.kind === "not_compiled") this.compile = launch.compile;
    const compiled = launch.kind === "not_compiled" ? launch.compile.outcome : undefined;
    const outcome = this.#cause ?? compiled;
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
      const item = this.#hasDrained ? undefined : this.#first.shift() ?? await this.#next();
      if (item === undefined) {
        this.#finish();
        return controller.close();
      }
      if ("words" in item) {
        this.#takeLastWords(item.words);
        continue;
      }
      const bytes = this.#budget.take(item.bytes);
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

  /** Nothing of the program's own comes after the last words on both streams. What no launcher says is nothing. */
  #takeLastWords([, ...words]: readonly string[]): void {
    const ending = parseEnding(words);
    if (ending === undefined) return;
    const [cpuNs, peakMemoryBytes] = words.slice(4).map(numberOf);
    this.#ending = ending;
    this.#usage = {
      cpuMs: typeof cpuNs === "number" ? Math.max(0, Math.round((cpuNs - this.#cpuNsBefore) / 1e6)) : this.#usage.cpuMs,
      peakMemoryBytes: peakMemoryBytes ?? this.#usage.peakMemoryBytes,
    };
    if (++this.#endingsSeen === ENDINGS) this.#told.resolve();
  }

  get #hasDrained(): boolean {
    return this.#endingsSeen === ENDINGS;
  }

  #finish(): void {
    this.#drained.resolve();
    this.#request.attachment[Symbol.dispose]();
  }

  async #findOutcome(): Promise<Outcome> {
    const { control } = this.#request;
    const waiting = new AbortController();
    const exit = control.ended(waiting.signal).catch((error: unknown) => isLost(error) ? undefined : REMOVED);
    const known = await Promise.race([this.#told.promise.then(() => "told" as const), exit]);
    waiting.abort();
    if (known !== "told") {
      await settledWithin(Promise.race([this.#told.promise, this.#drained.promise]), LAST_WORDS_MS);
    }
    if (this.#cause !== undefined) return this.#cause;
    if (this.#ending !== undefined) return await this.#explain(this.#ending);
    if (known === undefined || known === "told") return { kind: "interrupted", reason: "the Docker Engine was lost" };
    return await this.#explain(endingOf(known));
  }

  async #explain(ending: Ending): Promise<Outcome> {
    const { control, limits } = this.#request;
    const found = outcomeOf(ending, { limits, peakMemoryBytes: this.#usage.peakMemoryBytes });
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
    const ending = how === "kill" ? this.#send("SIGKILL") : this.#terminate();
    ending.then((isTaken) => isTaken ? undefined : this.#abandon(because));
  }

  /** Tells whether the Engine took the signals. */
  async #terminate(): Promise<boolean> {
    if (!await this.#send("SIGTERM")) return false;
    await settledWithin(this.outcome, GRACE_MS);
    if (this.#hasEnded) return true;
    await settledWithin(this.#look(), LOOK_MS);
    return await this.#send("SIGKILL");
  }

  /** Tells whether the Engine took the signal. */
  #send(signal: string): Promise<boolean> {
    return this.#request.control.signal(signal, this.#launcherPid).then(() => true, (error: unknown) => !isLost(error));
  }

  /** No Engine ends the program now: nobody waits for it, and whoever removes its container ends it. */
  #abandon(because: Outcome): void {
    this.#settle(because);
    this.#finish();
  }

  /** Sees what the program has used so far; gives its CPU time in ms, null where that is not known. */
  async #look(): Promise<number | null> {
    const sample = await this.#request.control.sample().catch(() => undefined); // It is gone, or the Engine is.
    if (sample === undefined) return this.#usage.cpuMs;
    this.#usage = {
      cpuMs: Math.round(sample.cpuMs - this.#cpuNsBefore / 1e6),
      peakMemoryBytes: Math.max(this.#usage.peakMemoryBytes ?? 0, sample.memoryBytes),
    };
    return this.#usage.cpuMs;
  }

  async #tell(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) await this.#writer.write(part);
  }
}
