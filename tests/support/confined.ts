import type { Availability } from "../../src/core/capabilities.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import type { ChildProcesses } from "../../src/process/child_processes.ts";
import type { ConfinedDirectory } from "../../src/sandbox/confined_directory.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { releaseOrphans } from "../../src/sandbox/orphans.ts";
import type { LayerName } from "../../src/sandbox/layers.ts";
import type { Mount } from "../../src/sandbox/mount.ts";
import { Scratch } from "../../src/host/scratch.ts";
import { spawnGroup } from "../../src/process/spawn.ts";
import { layerAvailability } from "./layers.ts";

/** How a program of a test is confined. */
export interface ConfinedOptions {
  readonly limits?: Partial<Limits>;
  readonly hasNetwork?: boolean;
  readonly startsOthers?: boolean;
  readonly mounts?: readonly Mount[];
  readonly env?: Readonly<Record<string, string>>;
  readonly reservedDataBytes?: number;
}

/** A program that was started. */
export interface ConfinedProgram {
  readonly pid: number;
  readonly processes: ChildProcesses;
  /** What it says next; empty at its end. */
  read(): Promise<string>;
  /** Its end, with everything that it said and was not read. */
  end(): Promise<Ran>;
}

/** How a program ended, and what it said. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: Deno.CommandStatus;
}

/** A confinement in a directory of a test's own, and one environment in it. */
export interface ConfinedBench extends AsyncDisposable {
  readonly confinement: Confinement;
  readonly scratchPath: string;
  readonly directory: ConfinedDirectory;
  /** Where a program works: on this machine, and as it sees it. */
  readonly workspace: Mount;
  start(argv: readonly [string, ...string[]], options?: ConfinedOptions): ConfinedProgram;
  run(argv: readonly [string, ...string[]], options?: ConfinedOptions): Promise<Ran>;
  /** Runs a shell script. */
  sh(script: string, options?: ConfinedOptions): Promise<Ran>;
}

/** Whether a program sees its workspace as `/workspace` here, and not where it is on this machine. */
export async function mountsAvailability(): Promise<Availability> {
  await using bench = await openConfinedBench();
  return layerAvailability(bench.confinement, "bubblewrap");
}

/** Opens a bench with the layers that are here, but for those named. */
export async function openConfinedBench(...without: LayerName[]): Promise<ConfinedBench> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await Scratch.open("/tmp", { release: releaseOrphans }));
  const confinement = stack.use(await Confinement.detect(scratch.path, { without }));
  const directory = stack.use(confinement.makeDirectory(`${scratch.path}/environment`, { diskMb: 8 }));
  const source = directory.makeDirectory("workspace");
  const { canMount } = confinement;
  const workspace: Mount = { source, target: canMount ? "/workspace" : source, access: "write" };
  const owned = stack.move();

  function start(argv: readonly [string, ...string[]], options: ConfinedOptions = {}): ConfinedProgram {
    const confined = confinement.confine({
      argv,
      cwd: workspace.target,
      mounts: [...canMount ? [] : THIS_MACHINE, ...options.mounts ?? [], workspace],
      directory,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      reservedDataBytes: options.reservedDataBytes ?? 1_000_000_000,
      hasNetwork: options.hasNetwork ?? false,
      startsOthers: options.startsOthers ?? true,
      variables: { PATH: "/usr/bin:/bin", ...options.env },
    });
    const child = spawnGroup(confined);
    const stdin = child.stdin.close();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const stderr = new Response(child.stderr).text();
    const read = async () => (await reader.read()).value ?? "";
    return {
      pid: child.pid,
      processes: confined.processes,
      read,
      async end() {
        await stdin;
        const stdout = readAll(read); // At once: a program whose pipe is full does not end.
        const status = await child.status;
        await confined.processes.end();
        return { stdout: await stdout, stderr: await stderr, status: confined.statusOf(status) };
      },
    };
  }

  const run = async (argv: readonly [string, ...string[]], options?: ConfinedOptions) =>
    await start(argv, options).end();
  return {
    confinement,
    scratchPath: scratch.path,
    directory,
    workspace,
    start,
    run,
    sh: (script, options) => run(["/bin/sh", "-c", script], options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function readAll(read: () => Promise<string>): Promise<string> {
  let text = "";
  for (let next = await read(); next !== ""; next = await read()) text += next;
  return text;
}

/** What a test's programs take, where they have no file system of their own. */
const THIS_MACHINE: readonly Mount[] = [
  { source: "/usr", target: "/usr", access: "execute" },
  { source: "/bin", target: "/bin", access: "execute" },
  { source: "/proc", target: "/proc", access: "read" },
  { source: "/dev/null", target: "/dev/null", access: "write" },
  { source: "/dev/zero", target: "/dev/zero", access: "read" },
];
