import type { Outcome, OutputChunk } from "../../../core/execution.ts";
import { OutputBudget } from "../../../process/child_output.ts";
import type { FinalReport, FinalUsage } from "./final_report.ts";
import type { Launcher } from "./launcher.ts";
import type { LauncherEvent } from "./launcher_output.ts";
import type { ProgramParts } from "./program_control.ts";

/** Everything that a program's output is read with. */
export interface ProgramOutputOptions extends Pick<ProgramParts, "denials" | "limits"> {
  readonly launcher: Launcher;
  readonly report: FinalReport;
  /** Called with each usage that the launcher reports. */
  onUsage(usage: FinalUsage): void;
  onExceeded(outcome: Outcome): void;
}

/** The output of a program up to its end. The launcher's final report comes with it. */
export class ProgramOutput {
  readonly stream: ReadableStream<OutputChunk>;
  readonly #options: ProgramOutputOptions;
  readonly #budget: OutputBudget;
  readonly #begun = Promise.withResolvers<void>();
  readonly #reported = Promise.withResolvers<"reported">();
  readonly #closed = Promise.withResolvers<void>();
  #first: OutputChunk[] = [];

  constructor(options: ProgramOutputOptions) {
    this.#options = options;
    const limitBytes = options.limits.maxTotalOutputBytes;
    this.#budget = new OutputBudget(
      limitBytes,
      (observedBytes) => options.onExceeded({ kind: "output_limit", limitBytes, observedBytes }),
    );
    this.stream = new ReadableStream({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.close(),
    });
  }

  /** Settles when the final report is complete. */
  get reported(): Promise<"reported"> {
    return this.#reported.promise;
  }

  /** Settles when the output was read to its end, or is no longer read. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Lets the stream be read from now on, beginning with the output during the launch. */
  begin(first: readonly OutputChunk[] = []): void {
    this.#first = [...first];
    this.#begun.resolve();
  }

  /** Reads nothing more from the launcher. */
  close(): void {
    this.#closed.resolve();
    this.#options.launcher.attachment[Symbol.dispose]();
  }

  async #pull(controller: ReadableStreamDefaultController<OutputChunk>): Promise<void> {
    const { denials, report } = this.#options;
    await this.#begun.promise; // A stream pulls its first chunk as soon as it is made.
    for (;;) {
      const item = report.isComplete ? undefined : this.#first.shift() ?? await this.#next();
      if (item === undefined) {
        this.close();
        return controller.close();
      }
      if ("words" in item) {
        this.#takeReport(item.words);
        continue;
      }
      if (report.hasEnded) continue; // This is output of an orphan process.
      const bytes = this.#budget.take(item.bytes);
      denials?.readOutput({ stream: item.stream, bytes });
      if (bytes.length > 0) return controller.enqueue({ stream: item.stream, bytes });
    }
  }

  async #next(): Promise<OutputChunk | LauncherEvent | undefined> {
    try {
      const { done, value } = await this.#options.launcher.items.next();
      return done ? undefined : value;
    } catch {
      return undefined; // The Engine is lost, which the wait for the launcher's end finds out too.
    }
  }

  #takeReport(words: readonly string[]): void {
    const { denials, onUsage, report } = this.#options;
    const usage = report.take(words);
    if (usage !== undefined) {
      denials?.setUnroutedPackets(usage.unrouted ?? 0);
      onUsage(usage);
    }
    if (report.isComplete) this.#reported.resolve("reported");
  }
}
