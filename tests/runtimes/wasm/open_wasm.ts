import { runProgram } from "../../../src/commands/mod.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import type { ExecutionEnvironment, RuntimeHost } from "../../../src/runtimes/port.ts";
import { create } from "../../../src/runtimes/wasm/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntime } from "../../support/runtime_host.ts";

/** What a module runs with. */
export interface ModuleOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
  readonly stdin?: string;
  readonly path?: string;
}

/** The runtime on this machine, until the tests of a file are over; undefined, and registered as skipped, where it is not. */
export async function openWasm(parts: Partial<RuntimeHost> = {}) {
  const { runtime } = await openRuntime(create, parts);
  return isPresent("wasm", await testedAvailability(runtime, "wasm")) ? runtime : undefined;
}

/** Runs a module in an environment. */
export async function runModule(
  environment: ExecutionEnvironment,
  module: Uint8Array<ArrayBuffer>,
  { args = [], env = {}, limits = {}, path = environment.mainFile(), stdin = "" }: ModuleOptions = {},
): Promise<ProgramResult> {
  await environment.files.write(path, module);
  const options = { limits: { ...DEFAULT_LIMITS, ...limits }, env, stdin };
  return await runProgram(environment, { kind: "file", path, args }, options);
}

/** Runs a module in an environment of its own. */
export async function runAlone(
  runtime: NonNullable<Awaited<ReturnType<typeof openWasm>>>,
  module: Uint8Array<ArrayBuffer>,
  options: ModuleOptions = {},
): Promise<ProgramResult> {
  await using environment = await runtime.createEnvironment(configureEnvironment("wasm"));
  return await runModule(environment, module, options);
}
