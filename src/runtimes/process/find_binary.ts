import { join } from "@std/path";
import type { Availability } from "../../core/capabilities.ts";
import { runtimeUnavailable } from "../../core/errors.ts";
import { toUnavailable } from "../self_test/probe.ts";
import type { BinarySpec } from "./spec.ts";

/** Where a binary is searched for, and the setting that names it. */
export interface BinarySearch {
  readonly setting: string;
  /** How to get such a binary. */
  readonly remedy: string;
  /** Directories in which a name without a directory is searched for. */
  readonly searchPath: readonly string[];
}

/**
 * The path of a binary that is named as in a shell. In a file system of its own a program has no search path.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where there is none
 */
export function findBinary(name: string, { remedy, searchPath, setting }: BinarySearch): string {
  const found = findOnPath(name, { searchPath });
  if (found !== undefined) return found;
  const shown = JSON.stringify(name);
  const reason = `Cannot start programs as ${setting} must name an executable file: current value is ${shown}`;
  throw runtimeUnavailable({ reason, remedy });
}

/** The path of a binary that is named as in a shell. Undefined where there is none. */
export function findOnPath(name: string, { searchPath }: Pick<BinarySearch, "searchPath">): string | undefined {
  const paths = name.includes("/")
    ? [name.startsWith("/") ? name : join(Deno.cwd(), name)]
    : searchPath.map((directory) => join(directory, name));
  return paths.find(isExecutable);
}

/** The directories of binaries that a program in its own file system sees. */
const PACKAGE_DIRECTORIES = /^\/(?:usr\/(?:local\/)?)?s?bin$/;

/**
 * The path of the first of several binaries in the directories of this machine's packages. A name with a slash is a
 * path itself.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where there is none
 */
export function findPackagedBinary(
  names: readonly [string, ...string[]],
  { remedy, searchPath }: Pick<BinarySearch, "remedy" | "searchPath">,
): string {
  const directories = searchPath.filter((directory) => PACKAGE_DIRECTORIES.test(directory));
  const paths = names.flatMap((name) =>
    name.includes("/") ? [name] : directories.map((directory) => join(directory, name))
  );
  const found = paths.find(isExecutable);
  if (found !== undefined) return found;
  throw runtimeUnavailable({ reason: `${names[0]} is not on this machine`, remedy });
}

/** The permission of anybody to execute a file: chmod(2). */
const ANY_EXECUTE = 0o111;

/** Whether a binary is there, and why not. */
export function presenceOf({ find }: Pick<BinarySpec, "find">): Availability {
  try {
    find();
    return { available: true };
  } catch (error) {
    return toUnavailable(error);
  }
}

/** An identity of the binary that would be found now: another file has another one. Undefined where there is none. */
export function identityOf({ find }: Pick<BinarySpec, "find">): string | undefined {
  try {
    const path = find();
    const { dev, ino, mtime, size } = Deno.statSync(path);
    return JSON.stringify([path, dev, ino, mtime, size]);
  } catch {
    return undefined; // The next installation says why.
  }
}

/** Whether a path is that of a file. */
export function isFile(path: string): boolean {
  return statOf(path)?.isFile === true;
}

/** Whether a path is that of a file that may be executed. */
export function isExecutable(path: string): boolean {
  const { isFile = false, mode = null } = statOf(path) ?? {};
  return isFile && (mode === null || (mode & ANY_EXECUTE) !== 0);
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined; // It is not there, or cannot be reached: it cannot be started.
  }
}
