import type { Outcome } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import type { ExecutionEnvironment, Program } from "../port.ts";

/**
 * The output and the outcome of a self-test's program. Where the program printed nothing, the output is its compiler's.
 */
export interface Observed {
  readonly output: string;
  readonly outcome: Outcome;
}

/** Files by their paths. */
export type TestFiles = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** A program of the self-test, with its files. */
export interface TestProgram {
  readonly files?: TestFiles;
  readonly program: Program;
}

/** Writes the files of a program and runs it to its end. */
export async function runProgram(
  environment: ExecutionEnvironment,
  { files = {}, program }: TestProgram,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<Observed> {
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await environment.files.write(name, bytes);
  }
  const handle = await environment.run(program, { env: {}, limits, signal });
  handle.stdin.close().catch(() => {}); // It has ended already.
  let output = "";
  const decoder = new TextDecoder();
  for await (const { bytes } of handle.output) output += decoder.decode(bytes, { stream: true });
  const outcome = await handle.outcome;
  return { output: output === "" ? handle.compile?.stderr ?? "" : output, outcome };
}
