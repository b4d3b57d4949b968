import { basename, join } from "@std/path";
import { readMounts } from "../host/mounts.ts";
import { isOwnUid } from "../host/own_uids.ts";
import { SystemCalls } from "../host/system_calls.ts";
import { groupOf } from "../process/process_tree.ts";
import { signalGroup, signalProcess } from "../process/terminate.ts";
import { Cgroups } from "./cgroups.ts";

/**
 * Releases everything that a lost service holds outside its files. That is processes, mounts below its directory, and
 * control groups. Returns whether nothing remains.
 */
export async function releaseOrphans(directory: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return true;
  const path = realPathOf(directory);
  killOrphanBubblewraps(path);
  killOrphanPrograms(path);
  using calls = SystemCalls.open();
  for (const { point } of readMounts().toReversed()) {
    if (point.startsWith(`${path}/`)) await calls?.unmount(point);
  }
  return await Cgroups.removeOrphans(basename(directory));
}

/**
 * Kills each bubblewrap that a lost service started. bubblewrap 0.11 waits for ever when its service dies while it makes
 * its namespaces.
 *
 * Every bubblewrap is started in its service's own directory, and leaves that directory only when it is inside the
 * sandbox, where it dies with its parent. The kernel keeps a process's working directory without any control group, and
 * bubblewrap's command line holds no path.
 */
export function killOrphanBubblewraps(directory: string): void {
  for (const { name } of Deno.readDirSync("/proc")) {
    try {
      const isBubblewrap = Deno.readTextFileSync(`/proc/${Number(name)}/comm`) === "bwrap\n";
      if (isBubblewrap && Deno.readLinkSync(`/proc/${Number(name)}/cwd`) === directory) {
        signalProcess(Number(name), "SIGKILL");
      }
    } catch {
      // The entry is no process, or the process is gone.
    }
  }
}

/**
 * Kills processes that programs of a lost service left running without a namespace. Each such program had a user of its
 * own, the owner of a directory in the service's, and its processes are in one group.
 */
function killOrphanPrograms(directory: string): void {
  const users = new Set([...ownersIn(directory)].map(([, uid]) => uid).filter(isOwnUid));
  if (users.size === 0) return;
  for (const [pid, uid] of ownersIn("/proc")) {
    const group = users.has(uid) ? groupOf(Number(pid)) ?? 0 : 0;
    if (group > 1) signalGroup(group, "SIGKILL");
  }
}

/** The entries of a directory, each with its owner. A process is owned by its user. */
function* ownersIn(directory: string): Iterable<[name: string, uid: number]> {
  for (const { name } of entriesOf(directory)) {
    try {
      yield [name, Deno.lstatSync(join(directory, name)).uid ?? 0];
    } catch {
      // The entry is gone.
    }
  }
}

function entriesOf(directory: string): readonly Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(directory)];
  } catch {
    return []; // There is no such directory.
  }
}

/** Resolves the path by which the kernel names a directory. It is the given path where there is no such directory. */
function realPathOf(directory: string): string {
  try {
    return Deno.realPathSync(directory);
  } catch {
    return directory;
  }
}
