import type { BoundedOutput } from "../../core/bytes/bounded_output.ts";
import type { CompileResult, OutputStream } from "../../core/execution.ts";

/** Puts the result of a compiler together: outcome, kept output and CPU time. */
export function toCompileResult(
  { cpuMs, kept, outcome }: Pick<CompileResult, "cpuMs" | "outcome"> & {
    readonly kept: Readonly<Record<OutputStream, BoundedOutput>>;
  },
): CompileResult {
  const [stdout, stderr] = [kept.stdout.read(), kept.stderr.read()];
  const truncated = { stdout: stdout.truncatedBytes, stderr: stderr.truncatedBytes };
  const isCut = truncated.stdout + truncated.stderr > 0;
  return { outcome, stdout: stdout.text, stderr: stderr.text, ...(isCut ? { truncated } : {}), cpuMs };
}
