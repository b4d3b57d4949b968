import { join } from "@std/path";
import { WORKSPACE_LINK, WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { Mount } from "../mount.ts";
import { PROGRAM_UID } from "../own_etc.ts";
import {
  DEVICES,
  LIBRARIES,
  LOADER_FILES,
  NETWORK_FILES,
  PROGRAM_FILES,
  PROGRAMS,
  SYSTEM_DIRECTORIES,
} from "../system_files.ts";

/** The files, variables and abilities that one program gets. */
export interface BubblewrapRequest {
  /** All variables of the program; no value holds a NUL. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly cwd: string;
  readonly hasNetwork: boolean;
  /** Whether bubblewrap starts in an empty network namespace of the program's own. Absent, it makes one. */
  readonly hasOwnNetwork?: boolean;
  /** Whether the program may start other programs. */
  readonly startsOthers: boolean;
  /**
   * A directory that the program finds as `/etc`, as another user. Absent, the program finds a few files of this
   * machine there.
   */
  readonly etc?: string | undefined;
  /** A directory that the program finds as `/dev` if it may start others. Absent, bubblewrap makes one. */
  readonly devices?: string | undefined;
  /** Files of `/proc` that this kernel has and the program finds empty. */
  readonly emptyFiles: readonly string[];
  /** Whether {@link FILTER_DESCRIPTOR} is open on a seccomp filter. */
  readonly hasFilter: boolean;
}

/**
 * Processes between the child and the program. They are bubblewrap itself, and its init in the new process namespace.
 */
export const BUBBLEWRAP_PROCESSES = 2;

/** The descriptor from which bubblewrap reads the filter. */
export const FILTER_DESCRIPTOR = 9;

/** The word of {@link bubblewrapCommand} that becomes the descriptor with its options. */
export const OPTIONS_WORD = 2;

/** bubblewrap's command line, in front of a program's. The descriptor may be set later. */
export function bubblewrapCommand(binary: string, descriptor?: number): string[] {
  return [binary, "--args", String(descriptor ?? ""), "--"];
}

/**
 * bubblewrap's options (bwrap(1)) for one program.
 *
 * Every namespace is the program's own; it has no capability and no further user namespace. Its file system holds a few
 * parts of this machine, read-only, devices, and the request's mounts. A path that does not exist is not mounted. The
 * program finds bubblewrap's command line and variables in `/proc/1`, so neither holds any of these options, and the
 * program's variables reach no process outside.
 */
export function bubblewrapOptions(request: BubblewrapRequest): string[] {
  const {
    cwd,
    devices,
    emptyFiles,
    etc,
    hasFilter,
    hasNetwork,
    hasOwnNetwork = false,
    mounts,
    startsOthers,
    variables,
  } = request;
  return [
    "--clearenv",
    ...Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]),
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    ...(etc === undefined ? [] : ["--uid", String(PROGRAM_UID), "--gid", String(PROGRAM_UID)]),
    ...(hasNetwork || hasOwnNetwork ? ["--share-net"] : []),
    "--hostname",
    "codebeaker",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    ...(hasFilter ? ["--seccomp", String(FILTER_DESCRIPTOR)] : []),
    ...(startsOthers ? ["--ro-bind", "/usr", "/usr"] : [...LIBRARIES, ...PROGRAMS].flatMap(readOnly)),
    ...SYSTEM_DIRECTORIES.flatMap(systemDirectory),
    ...(etc === undefined ? LOADER_FILES.flatMap(readOnly) : ["--ro-bind", etc, "/etc"]),
    ...(etc === undefined && startsOthers ? PROGRAM_FILES.flatMap(readOnly) : []),
    ...(hasNetwork ? NETWORK_FILES.flatMap(readOnly) : []),
    "--proc",
    "/proc",
    ...emptyFiles.flatMap((path) => ["--dev-bind", "/dev/null", path]),
    // Each mount costs a start 0.1 ms, since bubblewrap reads the table of all mounts for it.
    ...(startsOthers ? deviceDirectory(devices) : DEVICES.flatMap((path) => ["--dev-bind-try", path, path])),
    ...mounts.toSorted((one, other) => depthOf(one) - depthOf(other)).flatMap(({ source, target, access }) => [
      access === "write" ? "--bind-try" : "--ro-bind-try",
      source,
      target,
    ]),
    ...workspaceLink(mounts),
    ...(startsOthers && devices === undefined ? ["--remount-ro", "/dev"] : []),
    "--remount-ro",
    "/",
    "--chdir",
    cwd,
  ];
}

/** Encodes options as bubblewrap reads them from a descriptor. */
export function encodeOptions(options: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(options.map((option) => `${option}\0`).join(""));
}

/** The depth of a mount's target. A mount below another comes after it: mounted earlier, it would be hidden. */
function depthOf({ target }: Mount): number {
  return target.split("/").filter((part) => part !== "").length;
}

/** A link to the workspace, unless a permission shows this machine's homes. */
function workspaceLink(mounts: readonly Mount[]): string[] {
  const hasWorkspace = mounts.some(({ target }) => target === WORKSPACE_ROOT);
  const showsHomes = mounts.some(({ target }) => join(target, "/").startsWith("/home/"));
  return hasWorkspace && !showsHomes ? ["--symlink", WORKSPACE_ROOT, WORKSPACE_LINK] : [];
}

function deviceDirectory(directory: string | undefined): string[] {
  return directory === undefined ? ["--dev", "/dev"] : ["--dev-bind", directory, "/dev"];
}

function readOnly(path: string): string[] {
  return ["--ro-bind-try", path, path];
}

/** Mounts a directory as on this machine, since programs name their loader by it. */
export function systemDirectory(path: string): string[] {
  try {
    return Deno.lstatSync(path).isSymlink ? ["--symlink", Deno.readLinkSync(path), path] : readOnly(path);
  } catch {
    return []; // This machine has no such directory.
  }
}
