import type { Mount } from "./mount.ts";
import { PROGRAM_UID } from "./own_etc.ts";
import {
  DEVICES,
  LIBRARIES,
  LOADER_FILES,
  NETWORK_FILES,
  PROGRAM_FILES,
  PROGRAMS,
  SYSTEM_DIRECTORIES,
} from "./system_files.ts";

/** What one program sees and may do. */
export interface BubblewrapRequest {
  /** All its variables; no value holds a NUL. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly cwd: string;
  readonly hasNetwork: boolean;
  /** Whether it may start other programs. */
  readonly startsOthers: boolean;
  /** A directory that it finds as `/etc`, as another user; absent, it has a few files of this machine's. */
  readonly etc?: string | undefined;
  /** Files of `/proc` that this kernel has and the program finds empty. */
  readonly emptyFiles: readonly string[];
  /** Whether {@link FILTER_DESCRIPTOR} is open on a seccomp filter. */
  readonly hasFilter: boolean;
}

/** Processes between the child and the program: bubblewrap itself, and its init in the new process namespace. */
export const BUBBLEWRAP_PROCESSES = 2;

/** The descriptor from which bubblewrap reads the filter. */
export const FILTER_DESCRIPTOR = 9;

/** The word of {@link bubblewrapCommand} that becomes the descriptor with its options. */
export const OPTIONS_WORD = 2;

/** bubblewrap's command line, in front of a program's; the descriptor may be known later. */
export function bubblewrapCommand(binary: string, descriptor?: number): string[] {
  return [binary, "--args", String(descriptor ?? ""), "--"];
}

/**
 * bubblewrap's options (bwrap(1)): every namespace its own, no capability, no further user namespace, and a file system
 * of a few parts of this machine, read-only, devices, and what is mounted for the program. What is not there is not
 * mounted. The program finds bubblewrap's command line and variables in `/proc/1`, so neither holds any of this, and
 * the program's variables reach nothing outside.
 */
export function bubblewrapOptions(request: BubblewrapRequest): string[] {
  const { cwd, emptyFiles, etc, hasFilter, hasNetwork, mounts, startsOthers, variables } = request;
  return [
    "--clearenv",
    ...Object.entries(variables).flatMap(([name, value]) => ["--setenv", name, value]),
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    ...(etc === undefined ? [] : ["--uid", String(PROGRAM_UID), "--gid", String(PROGRAM_UID)]),
    ...(hasNetwork ? ["--share-net"] : []),
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

/** A mount below another comes after it: mounted earlier, it would be hidden. */
function depthOf({ target }: Mount): number {
  return target.split("/").filter((part) => part !== "").length;
}

function readOnly(path: string): string[] {
  return ["--ro-bind-try", path, path];
}

/** A directory as this machine has it, since programs name their loader by it. */
function systemDirectory(path: string): string[] {
  try {
    return Deno.lstatSync(path).isSymlink ? ["--symlink", Deno.readLinkSync(path), path] : readOnly(path);
  } catch {
    return []; // This machine has none.
  }
}
