import { assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import type { ExecutionEnvironment, ExecutionRuntime, RuntimeConfig } from "../../../src/runtimes/port.ts";
import type { Dialect } from "../../support/dialects/mod.ts";

/** What a check works with: a fresh environment of one runtime, and its language. */
export interface Bench {
  readonly environment: ExecutionEnvironment;
  readonly dialect: Dialect;
  /** Whether another program can be run when one has ended. */
  readonly lasts: boolean;
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

export { configureEnvironment } from "../../support/configure_environment.ts";

/** Runs a check in an environment of its own. */
export async function withBench(
  { runtime, dialect, config }: {
    readonly runtime: ExecutionRuntime;
    readonly dialect: Dialect;
    readonly config: RuntimeConfig;
  },
  check: Check,
): Promise<void> {
  await using environments = new AsyncDisposableStack();
  let environment = environments.use(await runtime.createEnvironment(config));
  let isUsed = false;

  /** What waits ahead of time waits for one set of limits and variables: an environment that nobody has used is made anew. */
  async function fit(options: RunOptions): Promise<void> {
    if (config.runsMainFile !== true || isUsed) return;
    const { env = {}, limits = {} } = options;
    const fitting = {
      ...config,
      environmentVariables: { ...config.environmentVariables, ...env },
      resourceLimits: { ...DEFAULT_LIMITS, ...limits },
    };
    environment = environments.use(await runtime.createEnvironment(fitting));
  }

  async function run(code: string, options: RunOptions = {}): Promise<ProgramResult> {
    await fit(options);
    const path = environment.mainFile();
    await environment.files.write(path, new TextEncoder().encode(code));
    const { args = [], env = {}, limits = {}, onText, signal, stdin = "" } = options;
    const ran = await runProgram(environment, { kind: "file", path, args }, {
      limits: { ...DEFAULT_LIMITS, ...limits },
      stdin,
      env,
      signal,
      onOutput: ({ bytes }) => onText?.(new TextDecoder().decode(bytes)),
    });
    if (config.runsMainFile === true && !isUsed && args.length === 0) assertEquals(environment.warm, true);
    isUsed = true;
    return ran;
  }

  await check({
    get environment() {
      isUsed = true;
      return environment;
    },
    dialect,
    lasts: config.singleUse !== true,
    run,
  });
}
