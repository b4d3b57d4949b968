import { CodeBeakerError } from "../../../core/errors.ts";
import type { Outcome } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { ProgramHandle, RunOptions, WorkspaceFiles } from "../../port.ts";
import type { Lend } from "../files/container_files.ts";
import { LineReader } from "../engine/line_reader.ts";
import deliverPackages from "./deliver_packages.sh" with { type: "text" };
import { joinPackages, parsePackages } from "./package_names.ts";
import { boundsOf } from "../container/container_limits.ts";

/** The file of a workspace that lists its packages. */
const LIST = ".packages.txt";
const MAX_LIST_BYTES = 65_536;

/** A container with a network that runs only an installer. Disposing removes it. */
export interface Installer extends AsyncDisposable {
  run(packages: readonly string[], options: RunOptions): Promise<ProgramHandle>;
  readonly lend: Lend;
}

/** The environment for which packages are installed. */
export interface InstallationTarget {
  /** The installer's command line. */
  readonly install: readonly string[];
  readonly files: WorkspaceFiles;
  readonly lend: Lend;
  /** @throws {CodeBeakerError} `permission_denied` when a container cannot have a network */
  openInstaller(): Promise<Installer>;
}

/**
 * Installs packages in a container of their own, and delivers them to a workspace. So only the installer has its
 * network. Packages of earlier installations are installed again with them, since versions depend on each other.
 *
 * @throws {CodeBeakerError} `invalid_request` for an entry that names no package
 */
export async function installPackages(
  packages: readonly string[],
  options: RunOptions,
  target: InstallationTarget,
): Promise<ProgramHandle> {
  const wanted = parsePackages(packages, target.install);
  const all = joinPackages(await readList(target.files), wanted, target.install);
  const installer = await target.openInstaller();
  let program: ProgramHandle;
  try {
    const { memoryMb } = boundsOf(options.limits, { compiling: true });
    program = await installer.run(all, { ...options, env: {}, limits: { ...options.limits, memoryMb } });
  } catch (error) {
    await installer[Symbol.asyncDispose]();
    throw error;
  }
  return {
    stdin: program.stdin,
    output: program.output,
    outcome: finish({ program, installer, target, packages: all, limits: options.limits }),
    usage: () => program.usage(),
    kill: (signal) => program.kill(signal),
  };
}

/** An installation in progress. */
interface Installation {
  readonly program: ProgramHandle;
  readonly installer: Installer;
  readonly target: InstallationTarget;
  readonly packages: readonly string[];
  readonly limits: Limits;
}

/** Delivers the packages after the installer has succeeded, and removes its container. */
async function finish({ program, installer, target, packages, limits }: Installation): Promise<Outcome> {
  await using _owned = installer;
  const outcome = await program.outcome;
  if (outcome.kind !== "exited" || outcome.exitCode !== 0) return outcome;
  try {
    const result = await deliver(packages, { from: installer.lend, to: target.lend });
    if (result === "ok") return outcome;
    if (result === "ENOSPC") return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
  } catch {
    // The container or the Engine is gone.
  }
  return { kind: "interrupted", reason: "the packages could not be delivered to the workspace" };
}

/** Unpacks the packages in the target container; returns the first line of `deliver_packages.sh`. */
function deliver(
  packages: readonly string[],
  { from, to }: { readonly from: Lend; readonly to: Lend },
): Promise<string | undefined> {
  return from(async (source) => {
    const packing = await source.run({ argv: ["tar", "-cf", "-", "-C", WORKSPACE_ROOT, "."] });
    packing.fed.catch(() => {}); // tar reads no stdin.
    return await to(async (target) => {
      const staging = `.packages-${crypto.randomUUID()}`;
      const argv = ["sh", "-c", deliverPackages, "deliver_packages", staging, LIST, `${packages.join("\n")}\n`];
      const delivery = await target.run({ argv, stdin: ReadableStream.from(packing.stdout) });
      delivery.fed.catch(() => {}); // The script reports what failed.
      const lines = new LineReader(delivery.stdout);
      try {
        return await lines.line();
      } finally {
        await lines.close();
      }
    });
  });
}

/** Reads the list of installed packages. A program may have written anything into it. */
async function readList(files: WorkspaceFiles): Promise<string[]> {
  try {
    const text = await new Response(await files.read(LIST, { length: MAX_LIST_BYTES })).text();
    return text.split("\n");
  } catch (error) {
    if (error instanceof CodeBeakerError && error.code === "runtime_unavailable") throw error;
    return [];
  }
}
