import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../src/core/permissions.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeConfig } from "../../../src/runtimes/runtime.ts";
import type { Dialect } from "../../support/dialects/mod.ts";

/** What a check works with: a fresh environment of one runtime, and its language. */
export interface Bench {
  readonly environment: ExecutionEnvironment;
  readonly dialect: Dialect;
  run(code: string, options?: RunOptions): Promise<ProgramResult>;
}

interface RunOptions {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  onText?(text: string): Promise<void> | void;
}

/** One thing that a runtime must do. */
export type Check = (bench: Bench) => Promise<void>;

/** Checks by name. */
export type Checks = Readonly<Record<string, Check>>;

/** The configuration of a fresh environment for a check. */
export function configureEnvironment(language: string, options: Partial<RuntimeConfig> = {}): RuntimeConfig {
  return {
    environment: language,
    environmentVariables: {},
    resourceLimits: DEFAULT_LIMITS,
    permissions: NO_PERMISSIONS,
    minIsolation: 0,
    ...options,
  };
}

/** Runs a check in an environment of its own. */
export async function withBench(
  { runtime, dialect, config }: {
    readonly runtime: ExecutionRuntime;
    readonly dialect: Dialect;
    readonly config: RuntimeConfig;
  },
  check: Check,
): Promise<void> {
  await using environment = await runtime.createEnvironment(config);
  async function run(code: string, options: RunOptions = {}): Promise<ProgramResult> {
    const path = environment.mainFile();
    await environment.files.write(path, new TextEncoder().encode(code));
    return await runProgram(environment, { kind: "file", path, args: options.args ?? [] }, {
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      stdin: options.stdin ?? "",
      env: options.env ?? {},
      signal: options.signal,
      onOutput: ({ bytes }) => options.onText?.(new TextDecoder().decode(bytes)),
    });
  }
  await check({ environment, dialect, run });
}
