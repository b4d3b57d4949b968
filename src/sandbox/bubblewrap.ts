import type { Mount } from "./mount.ts";
import {
  DEVICES,
  LIBRARIES,
  LOADER_FILES,
  NETWORK_FILES,
  PROGRAM_FILES,
  PROGRAMS,
  SYSTEM_DIRECTORIES,
} from "./system_files.ts";
import { signalProcess } from "../process/terminate.ts";

/** What one child sees and may do. */
export interface BubblewrapRequest {
  /** All that it has; no value holds a NUL. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly cwd: string;
  readonly hasNetwork: boolean;
  /** Whether it may start programs of this machine. */
  readonly startsOthers: boolean;
  /** Files of `/proc`, of this kernel's, that are empty for it. */
  readonly emptyFiles: readonly string[];
  /** Whether {@link FILTER_DESCRIPTOR} is open on a seccomp filter. */
  readonly hasFilter: boolean;
}

/**
 * Between the process that is started and the program: bubblewrap itself, and its init in the new process namespace.
 */
export const BUBBLEWRAP_PROCESSES = 2;

const BUBBLEWRAP = "bwrap";
/** A descriptor that bubblewrap reads the filter from, and closes. */
export const FILTER_DESCRIPTOR = 9;

/** bubblewrap's command line in front of a program's. Its options come by a descriptor, whose number is a word of it. */
export const OPTIONS_WORD = 2;
export function bubblewrapCommand(binary: string): string[] {
  return [binary, "--args", "", "--"];
}

/**
 * bubblewrap's options (bwrap(1)): every namespace its own, no capability, no further user namespace, and a file system
 * of a few parts of this machine, read-only, devices, and what is mounted for the program. What is not there is not
 * mounted. The program finds bubblewrap's command line and variables in `/proc/1`, so neither holds any of this, and
 * the program's variables reach nothing outside.
 */
export function bubblewrapOptions(request: BubblewrapRequest): string[] {
  const { cwd, emptyFiles, hasFilter, hasNetwork, mounts, startsOthers, variables } = request;
  return [
    "--clearenv",
    ...Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]),
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    ...(hasNetwork ? ["--share-net"] : []),
    "--hostname",
    "codebeaker",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    ...(hasFilter ? ["--seccomp", String(FILTER_DESCRIPTOR)] : []),
    ...(startsOthers ? ["--ro-bind", "/usr", "/usr"] : [...LIBRARIES, ...PROGRAMS].flatMap(readOnly)),
    ...SYSTEM_DIRECTORIES.flatMap(systemDirectory),
    ...LOADER_FILES.flatMap(readOnly),
    ...(startsOthers ? PROGRAM_FILES.flatMap(readOnly) : []),
    ...(hasNetwork ? NETWORK_FILES.flatMap(readOnly) : []),
    "--proc",
    "/proc",
    ...emptyFiles.flatMap((path) => ["--dev-bind", "/dev/null", path]),
    // Each mount costs a start 0.1 ms, since bubblewrap reads the table of all mounts for it.
    ...(startsOthers ? ["--dev", "/dev"] : DEVICES.flatMap((path) => ["--dev-bind-try", path, path])),
    ...mounts.toSorted((one, other) => depthOf(one) - depthOf(other)).flatMap(({ source, target, access }) => [
      access === "write" ? "--bind-try" : "--ro-bind-try",
      source,
      target,
    ]),
    ...(startsOthers ? ["--remount-ro", "/dev"] : []),
    "--remount-ro",
    "/",
    "--chdir",
    cwd,
  ];
}

/** Options as bubblewrap reads them from a descriptor. */
export function encodeOptions(options: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(options.map((option) => `${option}\0`).join(""));
}

/**
 * Kills each bubblewrap that a lost service started. One that is interrupted while it makes its namespaces (0.11) waits
 * for its own other half for ever, and dies with nobody.
 *
 * It is known by its working directory, the service's own, in which every bubblewrap is started: the kernel keeps that
 * also where there are no control groups, and its command line holds no path. It leaves that directory when it enters
 * the sandbox, where it dies with its parent.
 */
export function killOrphanBubblewraps(directory: string): void {
  for (const { name } of Deno.readDirSync("/proc")) {
    try {
      const isBubblewrap = Deno.readTextFileSync(`/proc/${Number(name)}/comm`) === `${BUBBLEWRAP}\n`;
      if (isBubblewrap && Deno.readLinkSync(`/proc/${Number(name)}/cwd`) === directory) {
        signalProcess(Number(name), "SIGKILL");
      }
    } catch {
      // It is no process, or gone.
    }
  }
}

/** What lies below another is mounted after it, or that would hide it. */
function depthOf({ target }: Mount): number {
  return target.split("/").filter((part) => part !== "").length;
}

function readOnly(path: string): string[] {
  return ["--ro-bind-try", path, path];
}

/** The same as on this machine, whose programs name their loader by it. */
function systemDirectory(path: string): string[] {
  try {
    return Deno.lstatSync(path).isSymlink ? ["--symlink", Deno.readLinkSync(path), path] : readOnly(path);
  } catch {
    return []; // This machine has none.
  }
}
