import type { CellAnswer, CellLocation } from "./cell.ts";
import type { Denials } from "./denials/denial.ts";
import type { OutputFiles } from "./output_files.ts";
import type { Attempt, Selection } from "./selection.ts";

/** How a program ended. The first cause wins; a limit carries its value and the observed value. */
export type Outcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "timed_out"; readonly limitMs: number }
  | { readonly kind: "cpu_limit"; readonly limitMs: number; readonly observedMs: number }
  | { readonly kind: "memory_limit"; readonly limitMb: number; readonly observedMb: number }
  | { readonly kind: "output_limit"; readonly limitBytes: number; readonly observedBytes: number }
  | {
    readonly kind: "disk_limit";
    readonly limitMb: number;
    readonly observedMb: number;
    /** Present when the number of files and directories was exceeded. */
    readonly limitFiles?: number;
    readonly observedFiles?: number;
  }
  | { readonly kind: "process_limit"; readonly limit: number; readonly observed: number }
  | { readonly kind: "descriptor_limit"; readonly limit: number; readonly observed: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "interrupted"; readonly reason: string };

/** The two output streams of a program. */
export type OutputStream = "stdout" | "stderr";

/** Bytes that a program printed. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** The usage of a program so far; null when it is unknown. */
export interface ProgramUsage {
  /** User and system time in ms of the program and its children, from its start. */
  readonly cpuMs: number | null;
  /**
   * Peak of the memory that `memoryMb` limits, as far as it was sampled. It counts private memory, that of the start
   * included, and files in memory that counts for the limit. It also counts an interpreter that the limit leaves out.
   */
  readonly peakMemoryBytes: number | null;
}

/** The usage of an execution. */
export interface Usage extends ProgramUsage {
  /** From the program's begin to its end. */
  readonly wallMs: number;
  /** From the request for the environment (without the queue) to the program's begin. */
  readonly startupMs: number;
}

/** Kept bytes of a stream in base64: its head and its tail. `gapBytes` are left out between them. */
export interface RawBytes {
  readonly head: string;
  readonly gapBytes: number;
  readonly tail: string;
}

/** The kept bytes of streams that are no UTF-8. */
export type RawOutput = { readonly [Stream in OutputStream]?: RawBytes };

/** The result of the compiler, for a compiled language. */
export interface CompileResult {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle of each stream. Present only where some are. */
  readonly truncated?: Readonly<Record<OutputStream, number>>;
  /** User and system time of the compiler, in ms; null where it is unknown. */
  readonly cpuMs: number | null;
}

/** The parts of a result that a quota counts. */
export interface ChargedResult {
  readonly usage: Usage;
  readonly compile?: CompileResult;
}

/** The CPU time in ms that a quota counts, the compiler's included. Wall time stands for an unknown one. */
export function chargedCpuMs({ compile, usage }: ChargedResult): number {
  const program = usage.cpuMs ?? usage.wallMs;
  const compiler = compile?.cpuMs ?? 0;
  // Where the compiler made no program, the usage is the compiler's.
  const isMade = compile?.outcome.kind === "exited" && compile.outcome.exitCode === 0;
  return isMade ? program + compiler : Math.max(program, compiler);
}

/** The result of a program. When the compiler failed, the outcome is the compiler's. */
export interface ProgramResult extends Denials, CellAnswer, CellLocation, OutputFiles {
  readonly outcome: Outcome;
  /** Null unless the program exited by itself. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle of each stream. */
  readonly truncated: Readonly<Record<OutputStream, number>>;
  /** Where bytes of a text are left out, in UTF-16 code units. Present only where some are. */
  readonly truncatedAt?: { readonly [Stream in OutputStream]?: number };
  readonly usage: Usage;
  /** Present for a compiled language. */
  readonly compile?: CompileResult;
}

/** The answer to a request to run a program, whatever its outcome. */
export interface Execution extends ProgramResult {
  readonly id: string;
  readonly status: "ended";
  readonly language: string;
  /** Present when the program ran in a session. */
  readonly sessionId?: string;
  readonly runtime: string;
  /** Whether a warm environment was used. */
  readonly warm: boolean;
  /** Present with `explain`. */
  readonly selection?: Selection;
  /** Present with `explain`, and when an attempt failed. */
  readonly attempts?: readonly Attempt[];
  readonly createdAt: string;
}
