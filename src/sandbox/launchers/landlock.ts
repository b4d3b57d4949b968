import { type Mount, mountInPlace } from "../mount.ts";
import {
  LIBRARIES,
  LOADER_FILES,
  NETWORK_FILES,
  PROGRAM_FILES,
  PROGRAMS,
  SYSTEM_DIRECTORIES,
} from "../system_files.ts";

const READ = "read-file,read-dir";
const EXECUTE = `execute,${READ}`;
const WRITE = `${READ},write-file,make-reg,make-dir,make-sym,make-fifo,remove-file,remove-dir,truncate,refer`;

/** Rights on a file that is no directory; the kernel refuses those of directories there. */
const FILE_RIGHTS = { read: "read-file", execute: "execute,read-file", write: "read-file,write-file,truncate" };
const DIRECTORY_RIGHTS = { read: READ, execute: EXECUTE, write: WRITE };

/**
 * Files that a program which starts others gets beside the directories of programs. It has no `/dev` and `/proc` of its
 * own.
 */
const OTHERS_FILES: readonly (readonly [path: string, access: Mount["access"]])[] = [
  ["/dev/null", "write"],
  ...["/dev/full", "/dev/random", "/dev/urandom", "/dev/zero"].map((path) => [path, "read"] as const),
  ...["/proc/cpuinfo", "/proc/meminfo"].map((path) => [path, "read"] as const),
];

/**
 * The memory map of the first process, which becomes the program. The C library reads there how large the stack of the
 * main thread is: pthread_getattr_np(3).
 */
const OWN_MAPS = "/proc/self/maps";

/** A program under Landlock. */
export interface LandlockRequest {
  readonly mounts: readonly Mount[];
  readonly hasNetwork: boolean;
  /** Whether the program may start other programs. */
  readonly startsOthers: boolean;
  /** Paths below `/etc` that a program which starts others reads; absent, none. */
  readonly etcPaths?: readonly string[] | undefined;
}

/**
 * Options of setpriv (setpriv(1), landlock(7)) that leave a program only the named files. Nothing permits making
 * devices and sockets. A symlink may be made, since the kernel judges the file that it leads to.
 */
export function landlockOptions({ etcPaths = [], hasNetwork, mounts, startsOthers }: LandlockRequest): string[] {
  const rules = [
    ...LIBRARIES.map((path) => mountInPlace(path, "execute")), // The loader is a program itself.
    ...[...LOADER_FILES, ...PROGRAMS].map((path) => mountInPlace(path, "read")),
    mountInPlace(OWN_MAPS, "read"),
    ...(hasNetwork ? NETWORK_FILES.map((path) => mountInPlace(path, "read")) : []),
    ...(startsOthers ? ["/usr", ...SYSTEM_DIRECTORIES].map((path) => mountInPlace(path, "execute")) : []),
    ...(startsOthers ? [...PROGRAM_FILES, ...etcPaths].map((path) => mountInPlace(path, "read")) : []),
    ...(startsOthers ? OTHERS_FILES.map(([path, access]) => mountInPlace(path, access)) : []),
    ...mounts,
  ];
  return ["--landlock-access", "fs", ...rules.flatMap(ruleFor)];
}

function ruleFor({ source, access }: Mount): string[] {
  try {
    const rights = Deno.statSync(source).isDirectory ? DIRECTORY_RIGHTS[access] : FILE_RIGHTS[access];
    return ["--landlock-rule", `path-beneath:${rights}:${source}`];
  } catch {
    return []; // A path that does not exist needs no rule, and setpriv would refuse one.
  }
}
