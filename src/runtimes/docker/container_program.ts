import { CodeBeakerError } from "../../core/errors.ts";
import type { Outcome, OutputChunk, ProgramUsage } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import { OutputBudget } from "../../system/child_output.ts";
import type { ProgramHandle } from "../runtime.ts";
import { watchCpu } from "./cpu_watch.ts";
import { type Ending, endingOf, outcomeOf, parseEnding } from "./ending.ts";
import { isLost } from "./engine_call.ts";
import type { Attachment, ContainerSample, EngineExit } from "./engine_client.ts";
import { awaitReady, numberOf } from "./launch_phase.ts";
import { readLauncherOutput } from "./launcher_output.ts";

const START_TIMEOUT_MS = 15_000;
const COMPILE_TIMEOUT_MS = 60_000;
/** How long a program may take to end by itself after SIGTERM. */
const GRACE_MS = 100;
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
  /** Signals the launcher, which passes it on to everything that it started; SIGKILL is for all of them at once. */
  signal(signal: string, launcherPid: number | undefined): Promise<void>;
  /** Settles when the launcher has ended; rejects when the Engine is lost. Aborting ends the waiting. */
  ended(signal: AbortSignal): Promise<EngineExit>;
  /** What the container has used. */
  sample(): Promise<ContainerSample>;
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

/** A program in a container. */
export interface ContainerProgram extends ProgramHandle {
  /** Processes in the container when it had ended; undefined while it runs, and where that was not told. */
  processesLeft(): number | undefined;
}

/**
 * Tells a launcher what to run; returns when the program may begin, or cannot since the compiler failed. From then on the
 * first of these is its outcome: its own end, a limit, its deadline, `signal`.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when the launcher ended, or hung, before; `too_large` when the workspace
 *   does not take the archive
 */
export async function startContainerProgram(
  request: ContainerProgramRequest,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ContainerProgram> {
  const { attachment, control, limits } = request;
  const items = readLauncherOutput(attachment.frames, request.secret);
  const stdin = attachment.stdin.getWriter();
  const outcome = Promise.withResolvers<Outcome>();
  const told = Promise.withResolvers<Ending>();
  const drained = Promise.withResolvers<void>();
  let launcherPid: number | undefined;
  let cause: Outcome | undefined;
  let hasEnded = false;
  let usage: ProgramUsage = { cpuMs: null, peakMemoryBytes: null };
  let lastWords: readonly string[] | undefined;
  let processesLeft: number | undefined;
  let cpuNsBefore = 0;

  function send(signal: string): Promise<void> {
    return control.signal(signal, launcherPid).catch(() => {}); // The Engine is lost: that is told by `ended`.
  }

  async function terminate(): Promise<void> {
    await send("SIGTERM");
    await delayUnless(outcome.promise, GRACE_MS);
    if (hasEnded) return;
    await look();
    await send("SIGKILL");
  }

  function end(because: Outcome, how: "kill" | "terminate"): void {
    if (cause !== undefined || hasEnded) return;
    cause = because;
    if (how === "kill") send("SIGKILL");
    else terminate();
  }

  async function look(): Promise<number | null> {
    const sample = await control.sample().catch(() => undefined); // It is gone, or the Engine is: there is nothing to see.
    if (sample === undefined) return usage.cpuMs;
    const peak = Math.max(usage.peakMemoryBytes ?? 0, sample.memoryBytes);
    usage = { cpuMs: Math.round(sample.cpuMs - cpuNsBefore / 1e6), peakMemoryBytes: peak };
    return usage.cpuMs;
  }

  function settle(because: Outcome): void {
    hasEnded = true;
    outcome.resolve(because);
  }

  const cancel = () => end({ kind: "cancelled" }, "terminate");
  options.signal?.addEventListener("abort", cancel);
  if (options.signal?.aborted) cancel();
  outcome.promise.then(() => options.signal?.removeEventListener("abort", cancel));

  const startTimer = setTimeout(
    () => request.compiles ? end({ kind: "timed_out", limitMs: COMPILE_TIMEOUT_MS }, "kill") : send("SIGKILL"),
    request.compiles ? COMPILE_TIMEOUT_MS : START_TIMEOUT_MS,
  );
  writeAll(stdin, [new TextEncoder().encode(`${request.secret}\n`), ...(request.archive ? [request.archive] : [])])
    .catch(() => {}); // The launcher is gone: that is told by the end of its output.
  const launch = await awaitReady(items, {
    limits,
    compiles: request.compiles,
    observer: {
      onLaunched(pid) {
        launcherPid = pid;
        if (cause !== undefined) terminate(); // What ended it came before there was somebody to tell.
      },
      async onCompiled() {
        await control.onCompiled();
        await stdin.write(new TextEncoder().encode("go\n"));
      },
    },
  }).catch((error: unknown) => ({ kind: "ended" as const, said: String(error) }));
  clearTimeout(startTimer);

  if (launch.kind !== "ready") {
    await items.return(undefined);
    attachment[Symbol.dispose]();
    if (launch.kind === "not_unpacked" && cause === undefined) {
      settle({ kind: "cancelled" });
      throw new CodeBeakerError("too_large", `Cannot run the program as its files are more than ${limits.diskMb} MB`);
    }
    if (launch.kind === "ended" && cause === undefined) {
      settle({ kind: "cancelled" });
      const said = launch.said === "" ? "the container ended before the program could begin" : launch.said;
      throw new CodeBeakerError("runtime_unavailable", `Cannot start the program: ${said}`);
    }
    settle(cause ?? (launch.kind === "not_compiled" ? launch.compile.outcome : { kind: "cancelled" }));
    return {
      stdin: new WritableStream(),
      output: ReadableStream.from<OutputChunk>([]),
      outcome: outcome.promise,
      ...(launch.kind === "not_compiled" ? { compile: launch.compile } : {}),
      usage: () => usage,
      processesLeft: () => undefined,
      kill: () => {},
    };
  }

  cpuNsBefore = launch.cpuNs ?? 0;
  const deadline = setTimeout(
    () => end({ kind: "timed_out", limitMs: limits.timeoutMs }, "terminate"),
    limits.timeoutMs,
  );
  const stopWatch = watchCpu({
    limits,
    look,
    onExceeded: (observedMs) => end({ kind: "cpu_limit", limitMs: limits.cpuMs, observedMs }, "kill"),
  });
  outcome.promise.then(() => {
    clearTimeout(deadline);
    stopWatch();
  });
  findOutcome().then(settle);

  async function findOutcome(): Promise<Outcome> {
    const waiting = new AbortController();
    const exit = control.ended(waiting.signal).catch((error: unknown) => isLost(error) ? undefined : REMOVED);
    const first = await Promise.race([told.promise, exit]);
    waiting.abort();
    if (first === undefined || "exitCode" in first) {
      await delayUnless(Promise.race([told.promise, drained.promise]), LAST_WORDS_MS);
    }
    const ending = lastWords === undefined
      ? first === undefined || !("exitCode" in first) ? undefined : endingOf(first)
      : parseEnding(lastWords);
    if (cause !== undefined) return cause;
    return ending === undefined ? { kind: "interrupted", reason: "the Docker Engine was lost" } : await explain(ending);
  }

  async function explain(ending: Ending): Promise<Outcome> {
    const found = outcomeOf(ending, { limits, peakMemoryBytes: usage.peakMemoryBytes });
    if (found.kind !== "signaled" || !FOREIGN_SIGNALS.includes(found.signal)) return found;
    const isThere = await control.ping().then(() => true, () => false);
    return isThere ? found : { kind: "interrupted", reason: "the Docker Engine was stopped" };
  }

  function takeLastWords(words: readonly string[]): void {
    lastWords = words;
    const [cpuNs, peakMemoryBytes, processes] = words.slice(4).map(numberOf);
    usage = {
      cpuMs: typeof cpuNs === "number" ? Math.round((cpuNs - cpuNsBefore) / 1e6) : usage.cpuMs,
      peakMemoryBytes: peakMemoryBytes ?? usage.peakMemoryBytes,
    };
    processesLeft = processes ?? undefined;
  }

  const budget = new OutputBudget(
    limits.maxTotalOutputBytes,
    (observedBytes) => end({ kind: "output_limit", limitBytes: limits.maxTotalOutputBytes, observedBytes }, "kill"),
  );
  const first = [...launch.first];
  let endingsSeen = 0;
  function finish(): void {
    drained.resolve();
    attachment[Symbol.dispose]();
  }
  return {
    stdin: new WritableStream({ write: (bytes) => stdin.write(bytes), close: () => stdin.close() }),
    output: new ReadableStream({
      async pull(controller) {
        for (;;) {
          const early = first.shift();
          const { done, value } = early !== undefined
            ? { done: false, value: early }
            : await items.next().catch(() => ({ done: true, value: undefined }) as const);
          if (done || value === undefined) {
            finish();
            return controller.close();
          }
          if ("words" in value) {
            takeLastWords(value.words.slice(1));
            if (++endingsSeen < ENDINGS) continue;
            told.resolve(parseEnding(value.words.slice(1)));
            finish();
            return controller.close();
          }
          const bytes = budget.take(value.bytes);
          if (bytes.length > 0) return controller.enqueue({ stream: value.stream, bytes });
        }
      },
      cancel: finish,
    }),
    outcome: outcome.promise,
    ...(launch.compile === undefined ? {} : { compile: launch.compile }),
    usage: () => usage,
    processesLeft: () => processesLeft,
    kill(signal) {
      if (!hasEnded) send(signal);
    },
  };
}

async function writeAll(writer: WritableStreamDefaultWriter<Uint8Array>, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) await writer.write(part);
}

/** Waits for something, at most so long; leaves no timer behind. */
async function delayUnless(settled: Promise<unknown>, ms: number): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  await Promise.race([settled, over.promise]);
  clearTimeout(timer);
}
