import { join, toFileUrl } from "@std/path";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Outcome, ProgramUsage } from "../../core/execution.ts";
import { newId } from "../../core/ids.ts";
import { mainFileOf, unsupportedLanguage } from "../../core/languages.ts";
import { type Limits, MEBIBYTE } from "../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { type Child, runChild } from "../../system/run_child.ts";
import { ownAddresses } from "../../system/own_addresses.ts";
import { removeTree } from "../../system/remove_tree.ts";
import { Workspace } from "../../system/workspace.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions, RuntimeConfig } from "../runtime.ts";
import { childVariables } from "./child_variables.ts";
import { DENO_FACTS } from "./facts.ts";
import type { DenoInstallation } from "./installation.ts";
import { Packages } from "./packages.ts";
import { permissionFlags } from "./permission_flags.ts";
import { parseShellProgram, type ShellProgram } from "./shell_program.ts";
import { StderrFilter } from "./stderr_filter.ts";

/** What boot.js writes when the program may begin. */
const READY = { marker: new Uint8Array([0, 7, 0]), timeoutMs: 10_000 };

/**
 * What V8 reserves as data before it has done anything: for itself, and again for each of the Workers that a program may
 * have. Measured with RLIMIT_DATA and Deno 2.9.6: 540 MB did not start it and 600 did; four Workers took 2,900 MB.
 */
const MAX_WORKERS = 4;
const RESERVED_BYTES = 600e6 + MAX_WORKERS * 575e6;

/** A directory with a workspace and a cache of its own, and a `deno run` for each program in it. */
export class DenoEnvironment implements ExecutionEnvironment {
  readonly id: string;
  readonly language: string;
  readonly warm = false;
  readonly files: Workspace;
  readonly #installation: DenoInstallation;
  readonly #config: RuntimeConfig;
  readonly #directory: string;
  readonly #workspace: string;
  readonly #temporary: string;
  readonly #cache: string;
  readonly #packages: Packages;
  readonly #running = new Set<Child>();
  #isDisposed = false;

  private constructor(installation: DenoInstallation, config: RuntimeConfig) {
    this.id = newId("env");
    this.language = config.environment;
    this.#installation = installation;
    this.#config = config;
    this.#directory = join(installation.scratchDirectory, this.id);
    this.#workspace = config.workspaceDirectory ?? join(this.#directory, "workspace");
    this.#temporary = join(this.#directory, "tmp");
    this.#cache = join(this.#directory, "deno_dir");
    this.#packages = new Packages(installation, { directory: this.#directory, cache: this.#cache });
    this.files = new Workspace(this.#workspace, { asideDirectory: this.#directory });
  }

  /** Makes the directories; synchronously, since a trip through the thread pool takes longer than the call. */
  static create(installation: DenoInstallation, config: RuntimeConfig): DenoEnvironment {
    const environment = new DenoEnvironment(installation, config);
    try {
      Deno.mkdirSync(environment.#directory, { mode: 0o700 });
      Deno.mkdirSync(environment.#temporary, { mode: 0o700 });
      if (config.workspaceDirectory === undefined) Deno.mkdirSync(environment.#workspace, { mode: 0o700 });
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) throw cause;
      throw new CodeBeakerError("runtime_unavailable", `Cannot make a workspace: ${messageOf(cause)}`, { cause });
    }
    return environment;
  }

  mainFile(language = this.language): string {
    const spoken = DENO_FACTS.supportedEnvironments;
    if (!spoken.includes(language)) throw unsupportedLanguage(language, spoken);
    return mainFileOf(language);
  }

  run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    switch (program.kind) {
      case "file":
        return this.#runFile(program.path, { ...program, workingDirectory: "." }, options);
      case "shell":
        return this.#runShell(program, options);
      case "install":
        return this.#install(program.packages, options);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([...this.#running].map((child) => {
      child.kill("SIGKILL");
      return child.outcome;
    }));
    await this.files[Symbol.asyncDispose]();
    await removeCache(this.#cache);
    await removeTree(this.#directory);
  }

  async #install(packages: readonly string[], { limits, signal }: RunOptions): Promise<ProgramHandle> {
    return this.#own(
      await this.#packages.install(packages, {
        limits,
        signal,
        reservedDataBytes: RESERVED_BYTES,
        shownPaths: this.#shownPaths(),
      }),
    );
  }

  async #runShell(command: Extract<Program, { kind: "shell" }>, options: RunOptions): Promise<ProgramHandle> {
    const program: ShellProgram = parseShellProgram(command, this.#installation.shellRuntimes ?? []);
    if (program.kind === "run") {
      await (await this.files.read(program.path)).cancel(); // It is there, and no symlink leads it out.
      return await this.#runFile(program.path, program, options);
    }
    const path = join(program.workingDirectory, `$deno$eval_${crypto.randomUUID()}.ts`);
    await this.files.write(path, new TextEncoder().encode(program.code));
    const remove = () => this.files.delete(path).catch(() => {}); // Best effort: the program may have deleted it.
    const handle = await this.#runFile(path, program, options).catch(async (error: unknown) => {
      await remove();
      throw error;
    });
    const outcome = handle.outcome.then(async (ended) => {
      await remove();
      return ended;
    });
    return { ...handle, outcome };
  }

  async #runFile(
    path: string,
    { args, workingDirectory }: { readonly args: readonly string[]; readonly workingDirectory: string },
    { env, limits, signal }: RunOptions,
  ): Promise<ProgramHandle> {
    const variables = { ...this.#config.environmentVariables, ...env };
    const { binary, bootPath, confinement } = this.#installation;
    const flags = await this.#flags(path, { variables: Object.keys(variables), limits });
    const filter = new StderrFilter(this.#shownPaths());
    const child = await runChild({
      ...confinement.confine([binary, "run", ...flags, bootUrl(bootPath, join(this.#workspace, path)), ...args], {
        limits,
        reservedDataBytes: RESERVED_BYTES,
        ipv4Only: this.#config.permissions.allowNet !== false,
      }),
      cwd: join(this.#workspace, workingDirectory),
      env: { NO_COLOR: "1", ...variables, ...this.#childVariables() },
      limits,
      ready: READY,
      stderrFilter: filter,
      explain: (status, usage) => explainEnd(status, { usage, limits, sawOutOfMemory: filter.sawOutOfMemory }),
    }, { signal });
    return this.#own(child);
  }

  /** Disposing ends it. */
  #own(child: Child): Child {
    this.#running.add(child);
    child.outcome.then(() => this.#running.delete(child));
    if (this.#isDisposed) child.kill("SIGKILL");
    return child;
  }

  async #flags(
    path: string,
    { variables, limits }: { readonly variables: readonly string[]; readonly limits: Limits },
  ): Promise<string[]> {
    const { openNetworks, npmRegistry } = this.#installation;
    return permissionFlags({
      workspace: this.#workspace,
      temporaryDirectory: this.#temporary,
      permissions: this.#config.permissions,
      variables: [...variables, "TMPDIR"],
      limits,
      openNetworks,
      npmRegistry,
      packages: this.#packages.prepare(),
      ownAddresses: this.#config.permissions.allowNet === false ? [] : ownAddresses(openNetworks),
      detectCommonJs: await this.#usesRequire(path),
    });
  }

  /** Whether a program is JavaScript that may be CommonJS. */
  async #usesRequire(path: string): Promise<boolean> {
    if (!path.endsWith(".js")) return false;
    const source = await new Response(await this.files.read(path)).text();
    return /\brequire\b|\bmodule\.exports\b/.test(source);
  }

  #childVariables(): Record<string, string> {
    return childVariables({
      temporaryDirectory: this.#temporary,
      cacheDirectory: this.#cache,
      hasNetwork: this.#config.permissions.allowNet !== false,
      npmRegistry: this.#installation.npmRegistry,
    });
  }

  /** Paths of the host that Deno's own messages hold, and what a client sees in their place. */
  #shownPaths(): Record<string, string> {
    return {
      [this.#workspace]: WORKSPACE_ROOT,
      [toFileUrl(this.#workspace).pathname]: WORKSPACE_ROOT,
      [this.#installation.bootPath]: "boot.js",
      [this.#directory]: "/codebeaker",
      [this.#installation.binary]: "deno",
    };
  }
}

/** Deno's own directory is never deep, so the quick way to remove it is a safe one. Without a program there is none. */
async function removeCache(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** boot.js takes what follows the question mark as it stands: parsing it as a query would cost every start 0.4 ms. */
function bootUrl(bootPath: string, programPath: string): string {
  return `${toFileUrl(bootPath).href}?${toFileUrl(programPath).href}`;
}

/** V8 and the allocator end the process with SIGTRAP or SIGABRT when they are out of memory, and say so on stderr. */
function explainEnd(
  { signal }: Deno.CommandStatus,
  { usage, limits, sawOutOfMemory }: {
    readonly usage: ProgramUsage;
    readonly limits: Limits;
    readonly sawOutOfMemory: boolean;
  },
): Outcome | undefined {
  if (!sawOutOfMemory || (signal !== "SIGTRAP" && signal !== "SIGABRT")) return undefined;
  return {
    kind: "memory_limit",
    limitMb: limits.memoryMb,
    observedMb: Math.ceil((usage.peakMemoryBytes ?? 0) / MEBIBYTE),
  };
}
