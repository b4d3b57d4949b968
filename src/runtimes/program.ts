import type { CellAnswer } from "../core/cell.ts";
import type { CompileResult, Outcome, OutputSource, ProgramUsage } from "../core/execution.ts";
import type { Limits } from "../core/limits.ts";
import type { DenialReport } from "../core/denials/denial_report.ts";

/**
 * A program to run, of one of four kinds. `file` is a file of the workspace in the environment's language; `shell` is a
 * command line. `install` installs packages into the workspace: it has network whatever the permissions say, and runs
 * nothing that the packages bring. `context` is the interpreter of a context.
 *
 * An interpreter reads lines of JSON on stdin: `{ cell: CellOrder }` when no other cell runs, `{ interrupt: true }`, and
 * `{ answer }` to a question. It reports the end of a cell on both streams by `NUL BEL STX`, the cell's secret, JSON, and a line feed; the JSON
 * on stdout is a `CellReport`. It reports each display of the cell, a `MimeBundle`, on stdout in the same way, with
 * `EOT` for the line feed: at most 1,000 displays, of at most `maxResultBytes` together; and each question, with `ENQ`. An empty display on stderr
 * precedes the text of an error that the `CellReport` has too. Long JSON may come in parts, as other processes write to
 * the same pipes. Each part begins with `NUL BEL STX` and the secret, and ends with `ETB` where another part follows.
 * Bytes between parts are output.
 */
export type Program =
  | FileToRun
  | {
    readonly kind: "shell";
    readonly command: string;
    readonly args: readonly string[];
    readonly workingDirectory: string;
  }
  | { readonly kind: "install"; readonly packages: readonly string[] }
  | { readonly kind: "context"; readonly language: string };

/** A file of the workspace to run. In a compiled language it is compiled first. */
export interface FileToRun {
  readonly kind: "file";
  readonly path: string;
  readonly args: readonly string[];
  /** Other files of the request. A compiler takes those of its language along. */
  readonly sources?: readonly string[];
  /** Words for the compiler, after its own. Absent, there are none. */
  readonly compileArgs?: readonly string[];
  /** Shares the compiled program with other runs. Absent, this run alone uses it. */
  readonly build?: SharedBuild;
}

/** The compiled program of several runs. The first one makes it, and who made this object removes it. */
export interface SharedBuild {
  made?: {
    readonly compile: CompileResult;
    /** The place of the compiler's output, as the runtime names it. */
    readonly output: string;
    remove(): Promise<void>;
  };
}

/** An order to the interpreter of a context to evaluate a cell. */
export interface CellOrder {
  /** The file name in stack traces. */
  readonly name: string;
  readonly code: string;
  readonly language: string;
  readonly timeoutMs: number;
  /** The most bytes of a value, and of all displays together, as JSON. */
  readonly maxResultBytes: number;
  /** The most characters of the value's text, and of each text about an error. */
  readonly maxTextLength: number;
  /** The text that the cell reads on stdin. Absent, none. */
  readonly stdin?: string;
  /** Whether the cell's client is asked for lines that the stdin lacks. Absent, it is not. */
  readonly asksInput?: boolean;
  /** Marks the reports of the cell. */
  readonly secret: string;
}

/** The end of a cell, as the program's own process reports it. */
export interface CellReport extends Omit<CellAnswer, "displays"> {
  /** How the cell ended. The interpreter has printed a failure on stderr. */
  readonly kind: "done" | "failed" | "timed_out" | "interrupted";
  /** Whether cells read the order's stdin, and ask for more. Absent, they do not. */
  readonly readsStdin?: boolean;
}

/** Options of one program. */
export interface RunOptions {
  /** Variables beside those of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the program gets a text on stdin. Default: no. */
  readonly hasStdin?: boolean;
  readonly limits: Limits;
  /** Longest time of a compiler in ms, where it is less than its own. */
  readonly compileMs?: number | undefined;
  /** Aborting ends the program; its outcome is then `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/** A running program. */
export interface ProgramHandle {
  readonly stdin: WritableStream<Uint8Array>;
  /** False where no program reads stdin, which need not be closed then. Absent, a program may read it. */
  readonly readsStdin?: boolean;
  /**
   * All output of the program. The owner reads it to the end or cancels it; a program that is not read is slowed down.
   */
  readonly output: OutputSource;
  /** Settles when the program has ended, whether or not its output was read. It does not reject. */
  readonly outcome: Promise<Outcome>;
  usage(): ProgramUsage;
  /** Samples the program's usage now, for {@link usage}. Present where usage is not polled. It does not throw. */
  sample?(): Promise<unknown>;
  /**
   * The result of the compiler, which has ended; present for a compiled language. Where the compiler failed, nothing
   * runs, and the outcome is the compiler's.
   */
  readonly compile?: CompileResult;
  /**
   * The denials of the program so far. They are complete once it has ended and its output was read. Absent where no
   * denials are reported.
   */
  denials?(): DenialReport;
  /** Forgets the denials so far, so that {@link denials} has only later ones. Present where a context can be. */
  forgetDenials?(): void;
  /** Reports that a context evaluates a cell until disposal. Present where its usage is sampled less often between cells. */
  beginWork?(): Disposable;
  /** Signals the program and every process that it started. */
  kill(signal: Deno.Signal): void;
}
