import { assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import type { ExecutionEnvironment, LoadedRuntime, RuntimeConfig } from "../../../src/runtimes/port.ts";
import { type Dialect, encodeProgram } from "../../support/dialects/mod.ts";

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
    readonly runtime: LoadedRuntime;
    readonly dialect: Dialect;
    readonly config: RuntimeConfig;
  },
  check: Check,
): Promise<void> {
  await using environments = new AsyncDisposableStack();
  const make = async (fitting: RuntimeConfig) => environments.use(await runtime.createEnvironment(fitting));
  /** What waits ahead of time waits for one set of limits and variables, which the program tells. */
  let environment = config.runsMainFile === true ? undefined : await make(config);

  async function run(code: string, options: RunOptions = {}): Promise<ProgramResult> {
    const { args = [], env = {}, limits = {}, onText, signal, stdin = "" } = options;
    const isFirst = environment === undefined;
    const used = environment ??= await make({
      ...config,
      environmentVariables: { ...config.environmentVariables, ...env },
      resourceLimits: { ...DEFAULT_LIMITS, ...limits },
    });
    const path = used.mainFile();
    await used.files.write(path, await encodeProgram(dialect, code));
    const ran = await runProgram(used, { kind: "file", path, args }, {
      limits: { ...DEFAULT_LIMITS, ...limits },
      stdin,
      env,
      signal,
      onOutput: ({ bytes }) => onText?.(new TextDecoder().decode(bytes)),
    });
    if (isFirst && args.length === 0) assertEquals(used.warm, true);
    return ran;
  }

  await check({
    get environment() {
      if (environment === undefined) throw new Error("What waits for a program has no environment before it");
      return environment;
    },
    dialect,
    lasts: config.singleUse !== true,
    run,
  });
}
