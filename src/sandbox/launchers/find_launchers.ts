import { join } from "@std/path";
import { MEBIBYTE } from "../../core/limits.ts";
import { type HelperOptions, succeeds } from "../../process/spawn.ts";
import type { Layers } from "../layers.ts";
import { limitingShell } from "./limiting_shell.ts";
import { SETPRIV_OPTIONS } from "./setpriv.ts";

const LAUNCHER_DIRECTORIES = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];

/** The paths at which a launcher may lie, in the order of the search. */
export function launcherPaths(name: string): string[] {
  return LAUNCHER_DIRECTORIES.map((directory) => join(directory, name));
}

/** Finds the launchers that work here. One child tries all of them; where that fails, one child tries each. */
export async function findLaunchers(
  { wantsLimits }: { readonly wantsLimits: boolean },
): Promise<Pick<Layers, "hasLimits" | "setsid" | "setpriv">> {
  const [setsid, setpriv] = [findExecutable("setsid"), findExecutable("setpriv")];
  if (wantsLimits && setsid !== undefined && setpriv !== undefined) {
    const others = [setpriv, ...SETPRIV_OPTIONS, "/bin/true"];
    if (await tryLimits(others, { setsid })) return { hasLimits: true, setsid, setpriv };
  }
  const [hasLimits, ...found] = await Promise.all([
    wantsLimits && tryLimits(["/bin/true"]),
    findLauncher("setsid", ["/bin/true"]),
    findLauncher("setpriv", [...SETPRIV_OPTIONS, "/bin/true"]),
  ]);
  return { hasLimits, setsid: found[0], setpriv: found[1] };
}

/** Finds the first executable file of a name in the launchers' directories. */
export function findExecutable(name: string): string | undefined {
  return launcherPaths(name).find(isFile);
}

/** Finds a launcher that starts a program with these arguments; undefined without one. */
async function findLauncher(name: string, args: readonly string[]): Promise<string | undefined> {
  for (const path of launcherPaths(name)) {
    if (await succeeds([path, ...args])) return path;
  }
  return undefined;
}

/** Whether the shell sets limits under which a command then succeeds. */
async function tryLimits(
  command: readonly string[],
  { setsid }: Pick<HelperOptions, "setsid"> = {},
): Promise<boolean> {
  const limits = { cpuSeconds: 7, fileBytes: 512, dataBytes: 64 * MEBIBYTE, descriptors: 32 };
  const [first = "", ...rest] = limitingShell(limits, { filterPath: undefined });
  const line = [
    first,
    ...rest,
    "/bin/sh",
    "-c",
    '[ "$(ulimit -n) $(ulimit -St) $(ulimit -Ht) $(ulimit -c)" = "32 7 8 0" ] && exec "$@"',
    "sh",
    ...command,
  ] as const;
  return await succeeds(line, { setsid });
}

/** Whether a path of this machine is a file, and no symlink. */
export function isFile(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}
