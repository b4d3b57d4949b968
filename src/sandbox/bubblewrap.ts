import { basename } from "@std/path";
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
  readonly mounts: readonly Mount[];
  readonly cwd: string;
  readonly hasNetwork: boolean;
  /** Whether it may start programs of this machine. */
  readonly startsOthers: boolean;
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

/**
 * bubblewrap's command line in front of a program's (bwrap(1)): every namespace its own, no capability, no further user
 * namespace, and a file system of a few parts of this machine, read-only, devices, and what is mounted for the program.
 * What is not there is not mounted.
 */
export function bubblewrapArguments(binary: string, request: BubblewrapRequest): string[] {
  const { cwd, hasFilter, hasNetwork, mounts, startsOthers } = request;
  return [
    binary,
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
    "--",
  ];
}

/**
 * Ends each bubblewrap that was to mount something of a directory. One whose service was lost while it made its namespaces
 * (0.11) is in nobody's, and waits there for its own other half for ever.
 */
export function endBubblewrapsOf(directory: string): void {
  for (const { name } of Deno.readDirSync("/proc")) {
    try {
      const [binary = "", ...words] = Deno.readTextFileSync(`/proc/${Number(name)}/cmdline`).split("\0");
      const isOfDirectory = words.some((word) => word.startsWith(`${directory}/`));
      if (basename(binary) === BUBBLEWRAP && isOfDirectory) signalProcess(Number(name), "SIGKILL");
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
