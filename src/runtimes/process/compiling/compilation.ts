import { BoundedOutput } from "../../../core/bytes/bounded_output.ts";
import { type CompileResult, type OutputChunk, uncompiledOutcome } from "../../../core/execution.ts";
import { COMPILER_LIMITS, compilerTimeout, type Limits } from "../../../core/limits.ts";
import { toCompileResult } from "../../languages/compile_result.ts";
import type { ProgramHandle } from "../../port.ts";

/** The limits of a compiler: at least {@link COMPILER_LIMITS}. Its time is at most `compileMs`. */
export function compilerLimits(limits: Limits, compileMs?: number): Limits {
  const { maxProcesses, memoryMb, timeoutMs } = COMPILER_LIMITS;
  return {
    ...limits,
    timeoutMs: compilerTimeout(compileMs),
    cpuMs: Math.max(limits.cpuMs, timeoutMs),
    memoryMb: Math.max(limits.memoryMb, memoryMb),
    maxProcesses: Math.max(limits.maxProcesses, maxProcesses),
  };
}

/** Follows a compiler to its end. */
export async function compileResultOf(compiler: ProgramHandle, { maxOutputBytes }: Limits): Promise<CompileResult> {
  const kept = { stdout: new BoundedOutput(maxOutputBytes), stderr: new BoundedOutput(maxOutputBytes) };
  compiler.stdin.close().catch(() => {}); // It has ended already.
  for await (const { bytes, stream } of compiler.output) kept[stream].push(bytes);
  const outcome = await compiler.outcome;
  return toCompileResult({ outcome, kept, cpuMs: compiler.usage().cpuMs });
}

/** The handle of a program that never begins, since its compiler failed. */
export function uncompiledProgram(compiler: Pick<ProgramHandle, "usage">, compile: CompileResult): ProgramHandle {
  return {
    stdin: new WritableStream<Uint8Array>(),
    output: new ReadableStream<OutputChunk>({ start: (controller) => controller.close() }),
    outcome: Promise.resolve(uncompiledOutcome(compile)),
    usage: () => compiler.usage(),
    kill: () => {},
    compile,
  };
}
