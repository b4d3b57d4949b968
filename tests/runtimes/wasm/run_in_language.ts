import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import type { LoadedRuntime } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";

/** A program of one of the languages, and what it runs with. */
export interface LanguageProgram {
  readonly language: string;
  readonly code: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly limits?: Partial<Limits>;
}

/** Runs a program in an environment of its own. `ended` has its output, and its exit code or how else it ended. */
export async function runInLanguage(
  runtime: LoadedRuntime,
  { args = [], code, env = {}, files = {}, language, limits = {}, path, stdin = "" }: LanguageProgram,
): Promise<ProgramResult & { readonly ended: readonly [stdout: string, stderr: string, end: number | string] }> {
  await using environment = await runtime.createEnvironment(configureEnvironment(language));
  const main = path ?? environment.mainFile();
  for (const [name, text] of Object.entries({ [main]: code, ...files })) {
    await environment.files.write(name, new TextEncoder().encode(text));
  }
  const options = { limits: { ...DEFAULT_LIMITS, ...limits }, env, stdin };
  const result = await runProgram(environment, { kind: "file", path: main, args }, options);
  const { outcome, stderr, stdout } = result;
  return { ...result, ended: [stdout, stderr, outcome.kind === "exited" ? outcome.exitCode : outcome.kind] };
}
