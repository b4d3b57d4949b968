import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { mainFileOf } from "../../src/core/languages.ts";
import type { ExecutionEnvironment, Program, RunOptions, RuntimeConfig } from "../../src/runtimes/port.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { runChild } from "../../src/process/run_child.ts";
import { succeeds } from "../../src/process/spawn.ts";
import { Workspace } from "../../src/workspace/workspace.ts";
import { installedDirectories } from "../support/runtime_host.ts";
import type { AttackLanguage } from "./attack.ts";
import type { World } from "./world.ts";

/** Finds a command by its name. */
const BY_NAME = ["/usr/bin/env", `PATH=${[...installedDirectories(), Deno.env.get("PATH")].join(":")}`] as const;

/** What runs a program that may do whatever it likes. */
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  typescript: [Deno.execPath(), "run", "--allow-all", "--quiet", "--no-prompt"],
  javascript: [Deno.execPath(), "run", "--allow-all", "--quiet", "--no-prompt", "--unstable-detect-cjs"],
  python: ["/usr/bin/python3"],
  node: [...BY_NAME, "node"],
  bash: ["/bin/bash"],
  bun: [...BY_NAME, "bun"],
};

/**
 * What keeps this machine from harm, and nothing else: a program reads all of it and has its network, and changes nothing but
 * the world that it attacks. Attacks are hostile, and their bugs are.
 */
const PADDING = ["/usr/bin/bwrap", "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL"] as const;
const WHOLE_MACHINE = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"] as const;

/** Whether programs can be run in an environment that holds them from nothing but harming the machine. */
export async function bareAvailability(): Promise<Availability> {
  const isThere = await succeeds([...PADDING, ...WHOLE_MACHINE, "/bin/true"]);
  return isThere ? { available: true } : { available: false, reason: "bubblewrap does not work here" };
}

/** The environment name of an attack's language there. */
export function bareEnvironmentOf(language: AttackLanguage): string {
  const environments: Partial<Record<AttackLanguage, string>> = { shell: "typescript", ecmascript: "bun" };
  return environments[language] ?? language;
}

/** Whether this machine has what runs an environment's programs there. */
export async function bareAvailabilityOf(environment: string): Promise<Availability> {
  const isThere = await succeeds([...COMMANDS[environment] ?? ["false"], "--version"]);
  return isThere ? { available: true } : { available: false, reason: `${environment} is not on the search path` };
}

/** An environment that holds no attack on a world. Tried there, one that every sandbox withstands is known to be one. */
export async function openBareEnvironment(
  { environment: language }: RuntimeConfig,
  { outside }: World,
): Promise<ExecutionEnvironment> {
  const path = await Deno.makeTempDir({ prefix: "bare_" });
  const confinement = Confinement.none();
  const directory = confinement.makeDirectory(join(path, "environment"), DEFAULT_LIMITS);
  const workspace = directory.makeDirectory("workspace");
  const files = new Workspace(workspace, { asideDirectory: directory.path });
  const writable = [outside, path].flatMap((place) => ["--bind", place, place]);
  return {
    id: "bare",
    language,
    warm: false,
    files,
    mainFile: (given = language) => mainFileOf(given),
    run(program: Program, { env, limits, signal }: RunOptions) {
      const request = {
        argv: [...PADDING, ...WHOLE_MACHINE, ...writable, "--chdir", workspace, ...commandLine(program, language)],
        cwd: workspace,
        mounts: [],
        directory,
        limits,
        reservedDataBytes: 0,
        hasNetwork: true,
        startsOthers: true,
        variables: { ...ownVariables(), DENO_DIR: join(path, "deno_dir"), ...env },
      } as const;
      return runChild({
        ...confinement.confine(request),
        limits,
        maxDescriptors: Number.POSITIVE_INFINITY,
        stderrFilter: { push: (bytes) => bytes, flush: () => new Uint8Array() },
        explain: () => undefined,
      }, { signal });
    },
    async [Symbol.asyncDispose]() {
      await files[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** What attacks look for, and what their programs are started with: npm's own settings would hide what they plant. */
function ownVariables(): Record<string, string> {
  const variables = Object.entries(Deno.env.toObject());
  return Object.fromEntries(variables.filter(([name]) => /^(PATH|HOME|SERVICE_.*)$/.test(name)));
}

function commandLine(program: Program, language: string): readonly [string, ...string[]] {
  if (program.kind === "install" || program.kind === "context") throw new Error(`No ${program.kind} is run here`);
  if (program.kind === "shell") return [program.command, ...program.args];
  const [command, ...options] = COMMANDS[language] ?? ["sh"];
  return [command, ...options, program.path, ...program.args];
}
