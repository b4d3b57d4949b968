import { runProgram } from "../../src/commands/mod.ts";
import type { Availability } from "../../src/core/capabilities.ts";
import type { ProgramResult } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import { isolate } from "../../src/runtimes/isolate/entry.ts";
import type { ExecutionRuntime, RuntimeHost } from "../../src/runtimes/port.ts";
import { configureEnvironment } from "./configure_environment.ts";
import { isPresent, testedAvailability } from "./requirements.ts";
import { openRuntimeHost } from "./runtime_host.ts";
import { runtimeOf } from "./runtime_of.ts";

/** A program to run, and for whom. */
export interface IsolateProgram {
  /** By paths; the first is run. */
  readonly files: Readonly<Record<string, string>>;
  readonly language?: string;
  readonly tenant?: string;
  readonly limits?: Partial<Limits>;
  readonly minIsolation?: number;
}

/** The runtime of isolates on this machine, with what runs a program in it. */
export interface OpenIsolate extends AsyncDisposable {
  readonly host: RuntimeHost;
  readonly availability: Availability;
  readonly runtime: ExecutionRuntime;
  run(program: IsolateProgram): Promise<ProgramResult & { readonly warm: boolean }>;
}

/** Opens it for the tests of a file; undefined where this machine does not have it, and they are skipped. */
export async function openPresentIsolate(): Promise<OpenIsolate | undefined> {
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(await openIsolate());
  if (!isPresent(isolate.name, opened.availability)) return undefined;
  stack.move();
  return opened;
}

/** Whether this machine has it; else the tests of a file are registered as skipped. */
export async function isIsolatePresent(): Promise<boolean> {
  await using opened = await openIsolate();
  return isPresent(isolate.name, opened.availability);
}

/** Opens it, whether or not it can be used. */
export async function openIsolate(
  options: Parameters<typeof openRuntimeHost>[0] = {},
): Promise<OpenIsolate> {
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openRuntimeHost(options));
  const runtime = stack.use(runtimeOf(isolate, host));
  const availability = await testedAvailability(runtime);
  const owned = stack.move();
  return {
    availability,
    host,
    runtime,
    async run({ files, language = "web", limits = {}, ...config }) {
      const resourceLimits = { ...DEFAULT_LIMITS, ...limits };
      await using environment = await runtime.createEnvironment(
        configureEnvironment(language, { resourceLimits, singleUse: true, ...config }),
      );
      for (const [path, text] of Object.entries(files)) {
        await environment.files.write(path, new TextEncoder().encode(text));
      }
      const path = Object.keys(files)[0] ?? environment.mainFile();
      const result = await runProgram(environment, { kind: "file", path, args: [] }, { limits: resourceLimits });
      return { ...result, warm: environment.warm };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
