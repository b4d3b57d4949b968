import { join } from "@std/path";
import { type Availability, capabilitiesIn } from "../../../src/core/capabilities.ts";
import { runProgram } from "../../../src/commands/mod.ts";
import type { CanaryFinding } from "../../../src/core/diagnosis.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits, MEBIBYTE } from "../../../src/core/limits.ts";
import { ownVariables } from "../../../src/host/own_process.ts";
import { prebuildScript } from "../../../src/runtimes/languages/go_build.ts";
import { nativeFacts } from "../../../src/runtimes/native/facts.ts";
import type { LanguageRow } from "../../../src/runtimes/native/languages/row.ts";
import { create } from "../../../src/runtimes/native/mod.ts";
import { nativeSpec } from "../../../src/runtimes/native/native_spec.ts";
import { languagesOf } from "../../../src/runtimes/native/settings.ts";
import type { ExecutionEnvironment, Program, RuntimeHost } from "../../../src/runtimes/port.ts";
import { runCanaries } from "../../../src/runtimes/process/self_test/test_programs.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { configureEnvironment } from "../checks/bench.ts";

/** One program for {@link Native.run}. */
export interface NativeProgram {
  readonly code: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly limits?: Partial<Limits>;
  readonly compileMs?: number;
  readonly signal?: AbortSignal;
  /** A line of `sh` that is run in its place. */
  readonly line?: string;
  /** Whether its process is to wait for it; absent, it starts with it. */
  readonly isWarm?: boolean;
}

/** What came of it. */
export interface NativeResult extends ProgramResult {
  readonly mainFile: string;
  /** Whether its process waited for it. */
  readonly isWarm: boolean;
  /** What its compiler left beside the workspace. */
  readonly remains: readonly string[];
}

/** The runtime of this machine's languages on a host of its own. */
export interface Native extends AsyncDisposable {
  /** Whether tests of a language run. */
  isPresent(language: string): Promise<boolean>;
  /** Whether it is available, or why not. */
  availability(language: string): Promise<Availability>;
  /** The same of a language that stays as it is, however often it is asked. */
  firstAnswer(language: string): Promise<Availability>;
  /** Memory that the runtime declares for a near-empty program in a language, in bytes. */
  declaredBytes(language: string): number;
  /** Runs some of the self-test of a language, and tells what it found. */
  test(language: string, canaries: readonly string[]): Promise<readonly CanaryFinding[]>;
  /** An environment for programs in a language; the caller disposes of it. */
  open(language: string): Promise<ExecutionEnvironment>;
  /** Runs a program in an environment of its own. */
  run(language: string, program: NativeProgram): Promise<NativeResult>;
}

/** Most programs are not about time, and some take seconds where the machine is busy. */
const TIMEOUT_MS = 60_000;

/** What the programs of the tests import: to compile all that is compiled ahead of Go takes as long as all these tests. */
const GO_PACKAGES_OF_TESTS = ["bytes", "fmt", "io", "os", "strings", "syscall"];

/** What compilers need is made once for whoever runs the tests: that of Go takes longer than all these tests. */
export const TESTS_HOME = `${Deno.env.get("HOME") ?? "/root"}/.codebeaker/tests`;

/** To test a language takes longer than all that is tested of it here: the languages of the suite are, before it runs. */
const ASSUMED: RuntimeHost["selfTestResults"] = { has: () => Promise.resolve(true), add: () => Promise.resolve() };

/** Opens it. Its languages are taken to have passed their self-tests. */
export async function openNative(options: Partial<RuntimeHost> = {}): Promise<Native> {
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await openRuntimeHost({ home: TESTS_HOME, selfTestResults: ASSUMED, ...options }));
  const rows = withFewPackages(languagesOf(host));
  const native = stack.use(create(host, rows));
  const owned = stack.move();

  return {
    availability: (language) => testedAvailability(native, language),
    firstAnswer: (language) => native.isAvailable(language),
    async isPresent(language) {
      return isPresent(`native/${language}`, await testedAvailability(native, language));
    },
    declaredBytes: (language) => capabilitiesIn(nativeFacts(host), language).memoryOverheadMB * MEBIBYTE,
    async test(language, names) {
      const row = rows[language];
      if (row === undefined) throw new Error(`There is no ${language}`);
      const { canaries, variableNames } = nativeSpec({ facts: nativeFacts(host), name: language, row }, host).selfTest;
      const targets = {
        ...{ secretPath: "/nowhere", secret: crypto.randomUUID(), hidesFiles: true, port: 1, connections: () => 0 },
        ownVariables: ownVariables({ except: variableNames }),
      };
      const chosen = canaries.filter(({ name }) => names.includes(name));
      return await runCanaries({ canaries: chosen, language, timeoutMs: TIMEOUT_MS }, targets, {
        createEnvironment: (config) => native.createEnvironment(config),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    },
    open: (language) => native.createEnvironment(configureEnvironment(language, { startsCold: true })),
    async run(
      language,
      { args = [], code, compileMs, env = {}, files = {}, limits = {}, signal, stdin = "", isWarm = false, line },
    ) {
      const all = { ...DEFAULT_LIMITS, timeoutMs: TIMEOUT_MS, ...limits };
      await using environment = await native.createEnvironment(configureEnvironment(language, {
        resourceLimits: all,
        ...(isWarm ? { environmentVariables: env, singleUse: true, runsMainFile: true } : { startsCold: true }),
      }));
      const mainFile = environment.mainFile();
      for (const [path, text] of Object.entries({ ...files, [mainFile]: code })) {
        await environment.files.write(path, new TextEncoder().encode(text));
      }
      const program: Program = line === undefined
        ? { kind: "file", path: mainFile, args }
        : { kind: "shell", command: "sh", args: ["-c", line], workingDirectory: "." };
      const ran = await runProgram(environment, program, { limits: all, compileMs, stdin, env, signal });
      const names = await Array.fromAsync(Deno.readDir(join(host.scratchDirectory ?? "", environment.id)));
      const remains = names.map(({ name }) => name).filter((name) => name.startsWith("build"));
      return { ...ran, mainFile, remains, isWarm: environment.warm };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The rows, of which Go compiles fewer packages ahead. */
function withFewPackages(rows: Readonly<Record<string, LanguageRow>>): Readonly<Record<string, LanguageRow>> {
  const { go, ...others } = rows;
  if (go === undefined) return rows;
  const script = (directory: string, command: string) =>
    prebuildScript({ command, prebuilt: directory, home: directory, packages: GO_PACKAGES_OF_TESTS });
  return { ...others, go: { ...go, prebuilt: { script } } };
}
