import type { CellAnswer, CellLocation } from "./cell.ts";
import type { Denials } from "./denials/denial.ts";
import type { Selection } from "./selection.ts";

/** How a program ended. The first cause wins; each limit says what it was and what was observed. */
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
    /** Present where it was the number of files and directories that was passed. */
    readonly limitFiles?: number;
    readonly observedFiles?: number;
  }
  | { readonly kind: "process_limit"; readonly limit: number; readonly observed: number }
  | { readonly kind: "descriptor_limit"; readonly limit: number; readonly observed: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "interrupted"; readonly reason: string };

/** The two streams a program prints on. */
export type OutputStream = "stdout" | "stderr";

/** Bytes that a program printed, as they came. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** What a program has used so far; null where this platform cannot tell, or nothing was seen yet. */
export interface ProgramUsage {
  /** User and system time in ms of the program and what it started, from the moment it may begin. */
  readonly cpuMs: number | null;
  /**
   * The most at any time of the memory that `memoryMb` bounds, with what the start of its process took, as far as
   * anybody has looked: what is its own and shared with no other environment, and where files lie in memory that counts
   * for the limit, those too.
   */
  readonly peakMemoryBytes: number | null;
}

/** What an execution used. */
export interface Usage extends ProgramUsage {
  /** From the moment the program may begin to its end. */
  readonly wallMs: number;
  /** From asking for the environment (queueing excluded) until the program may begin. */
  readonly startupMs: number;
}

/** What came of the compiler, for a compiled language. */
export interface CompileResult {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
}

/** A finished program: its outcome and what it printed. Where the compiler failed, the outcome is the compiler's. */
export interface ProgramResult extends Denials, CellAnswer, CellLocation {
  readonly outcome: Outcome;
  /** Null unless the program exited by itself. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle of each stream. */
  readonly truncated: Readonly<Record<OutputStream, number>>;
  readonly usage: Usage;
  /** Present for a compiled language. */
  readonly compile?: CompileResult;
}

/** One attempt to create an environment that failed before any user code began. */
export interface Attempt {
  readonly runtime: string;
  readonly error: string;
}

/** The answer to a request to run something, whatever the program did. */
export interface Execution extends ProgramResult {
  readonly id: string;
  readonly language: string;
  /** Present where it ran in a session. */
  readonly sessionId?: string;
  readonly runtime: string;
  /** Whether the environment was prepared ahead of time. */
  readonly warm: boolean;
  readonly selection: Selection;
  readonly attempts: readonly Attempt[];
  readonly createdAt: string;
}
