import { CodeBeakerError } from "../../../core/errors.ts";
import type { Outcome } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { ProgramHandle, RunOptions, WorkspaceFiles } from "../../port.ts";
import type { Lend } from "../files/container_files.ts";
import { boundsOf } from "../container/host_config.ts";
import { LineReader } from "../engine/line_reader.ts";
import { joinPackages, parsePackages } from "./packages.ts";
import takePackages from "./take_packages.sh" with { type: "text" };

/** The file of a workspace that names the packages in it. */
const LIST = ".packages.txt";
const MAX_LIST_BYTES = 65_536;

/** A container with a network, in which nothing but an installer runs. Disposing removes it. */
export interface Installer extends AsyncDisposable {
  run(packages: readonly string[], options: RunOptions): Promise<ProgramHandle>;
  readonly lend: Lend;
}

/** The environment that gets the packages. */
export interface PackagePlace {
  /** The installer's command line. */
  readonly install: readonly string[];
  readonly files: WorkspaceFiles;
  readonly lend: Lend;
  /** @throws {CodeBeakerError} `permission_denied` when no network can be had */
  openInstaller(): Promise<Installer>;
}

/**
 * Installs packages beside an environment and takes them into its workspace, so that no program that is not the installer
 * ever has its network. Those that were installed before are installed with them: what belongs together is chosen together.
 *
 * @throws {CodeBeakerError} `invalid_request` for what names no package
 */
export async function installPackages(
  packages: readonly string[],
  options: RunOptions,
  place: PackagePlace,
): Promise<ProgramHandle> {
  const wanted = parsePackages(packages, place.install);
  const all = joinPackages(await readList(place.files), wanted, place.install);
  const installer = await place.openInstaller();
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
    outcome: finish({ program, installer, place, packages: all, limits: options.limits }),
    usage: () => program.usage(),
    kill: (signal) => program.kill(signal),
  };
}

/** An installation under way. */
interface Installation {
  readonly program: ProgramHandle;
  readonly installer: Installer;
  readonly place: PackagePlace;
  readonly packages: readonly string[];
  readonly limits: Limits;
}

/** It is over when the packages are where programs find them, and its container is gone. */
async function finish({ program, installer, place, packages, limits }: Installation): Promise<Outcome> {
  await using _owned = installer;
  const outcome = await program.outcome;
  if (outcome.kind !== "exited" || outcome.exitCode !== 0) return outcome;
  try {
    const word = await deliver(packages, { from: installer.lend, to: place.lend });
    if (word === "ok") return outcome;
    if (word === "ENOSPC") return { kind: "disk_limit", limitMb: limits.diskMb, observedMb: limits.diskMb };
  } catch {
    // Its container is gone, or the Engine is.
  }
  return { kind: "interrupted", reason: "the packages could not be taken into the workspace" };
}

/** Gives what the taking container says. */
function deliver(
  packages: readonly string[],
  { from, to }: { readonly from: Lend; readonly to: Lend },
): Promise<string | undefined> {
  return from(async (source) => {
    const packing = await source.run({ argv: ["tar", "-cf", "-", "-C", WORKSPACE_ROOT, "."] });
    packing.fed.catch(() => {}); // It reads nothing.
    return await to(async (target) => {
      const staging = `.packages-${crypto.randomUUID()}`;
      const argv = ["sh", "-c", takePackages, "take_packages", staging, LIST, `${packages.join("\n")}\n`];
      const taking = await target.run({ argv, stdin: ReadableStream.from(packing.stdout) });
      taking.fed.catch(() => {}); // It says itself what went wrong.
      const lines = new LineReader(taking.stdout);
      try {
        return await lines.line();
      } finally {
        await lines.close();
      }
    });
  });
}

/** What the workspace says is installed in it: a program may have written anything there, or nothing. */
async function readList(files: WorkspaceFiles): Promise<string[]> {
  try {
    const text = await new Response(await files.read(LIST, { length: MAX_LIST_BYTES })).text();
    return text.split("\n");
  } catch (error) {
    if (error instanceof CodeBeakerError && error.code === "runtime_unavailable") throw error;
    return [];
  }
}
