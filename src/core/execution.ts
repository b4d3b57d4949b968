import type { Answer } from "./answers/answer.ts";
import type {
  compileResultSchema,
  executionSchema,
  outcomeSchema,
  programResultSchema,
  testResultSchema,
  usageSchema,
} from "./answers/execution.ts";

/** How a program ended. The first cause wins; a limit carries its value and the observed value. */
export type Outcome = Answer<typeof outcomeSchema>;

/** The two output streams of a program. */
export type OutputStream = "stdout" | "stderr";

/** Bytes that a program printed. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
  /** Whether it is the text of an error that the cell's result also has. */
  readonly isOfError?: true;
}

/** Reads output in order. */
export type OutputReader = Pick<ReadableStreamDefaultReader<OutputChunk>, "read" | "cancel">;

/** The output of a program, for one reader. */
export interface OutputSource extends AsyncIterable<OutputChunk> {
  getReader(): OutputReader;
  /** Discards the rest of the output. */
  cancel(): Promise<void>;
}

/** The usage of an execution. */
export type Usage = Answer<typeof usageSchema>;

/** The usage of a program so far; null when it is unknown. */
export type ProgramUsage = Pick<Usage, "cpuMs" | "peakMemoryBytes">;

/** Kept bytes of a stream in base64: its head and its tail. `gapBytes` are left out between them. */
export interface RawBytes {
  readonly head: string;
  readonly gapBytes: number;
  readonly tail: string;
}

/** The kept bytes of streams that are no UTF-8. */
export type RawOutput = { readonly [Stream in OutputStream]?: RawBytes };

/** The result of the compiler, for a compiled language. */
export type CompileResult = Answer<typeof compileResultSchema>;

/** The result of one test of a program. */
export type TestResult = Answer<typeof testResultSchema>;

/** Whether the compiler made a program. */
export function hasCompiled({ outcome }: Pick<CompileResult, "outcome">): boolean {
  return outcome.kind === "exited" && outcome.exitCode === 0;
}

/** The result of a compiler that made no program; undefined for any other execution. */
export function failedCompile({ compile }: { readonly compile?: CompileResult }): CompileResult | undefined {
  return compile === undefined || hasCompiled(compile) ? undefined : compile;
}

/** How a program ends whose compiler made none. A compiler that passed a limit gives the program that outcome. */
export function uncompiledOutcome({ outcome }: Pick<CompileResult, "outcome">): Outcome {
  return outcome.kind === "exited" ? { kind: "compile_failed", exitCode: outcome.exitCode } : outcome;
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
  return compile !== undefined && hasCompiled(compile) ? program + compiler : Math.max(program, compiler);
}

/** The result of a program. When the compiler failed, the outcome is the compiler's. */
export type ProgramResult = Answer<typeof programResultSchema>;

/** The answer to a request to run a program, whatever its outcome. */
export type Execution = Answer<typeof executionSchema>;

/** The kept text of a stream, with a mark where bytes are left out. */
export function markedText(execution: Execution, stream: OutputStream): string {
  const { [stream]: text, truncated, truncatedAt } = execution;
  const at = truncatedAt?.[stream];
  if (at === undefined) return text;
  return `${text.slice(0, at)}\n[… ${truncated[stream]} bytes are left out here …]\n${text.slice(at)}`;
}
