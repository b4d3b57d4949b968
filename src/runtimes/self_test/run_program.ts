import type { Outcome } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import type { ExecutionEnvironment } from "../port.ts";

/** What a program of the self-test printed, and how it ended. */
export interface Observed {
  readonly output: string;
  readonly outcome: Outcome;
}

/** A program of the self-test: its files, of which one is run. */
export interface TestProgram {
  readonly files: Readonly<Record<string, string>>;
  readonly path: string;
  readonly args?: readonly string[];
}

/** Writes the files of a program and runs it to its end. */
export async function runProgram(
  environment: ExecutionEnvironment,
  { args = [], files, path }: TestProgram,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<Observed> {
  for (const [name, text] of Object.entries(files)) {
    await environment.files.write(name, new TextEncoder().encode(text));
  }
  const program = await environment.run({ kind: "file", path, args }, { env: {}, limits, signal });
  let output = "";
  const decoder = new TextDecoder();
  for await (const { bytes } of program.output) output += decoder.decode(bytes, { stream: true });
  return { output, outcome: await program.outcome };
}
