import * as fs from "node:fs";
import { systemCodeOf } from "../core/errors.ts";

/** Most attempts, as another removal may move directories into what this one has emptied. */
const ROUNDS = 5;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;
/** Opens a directory also where it may not be read. open(2) has this flag, `node:fs` no name for it. */
const O_PATH = 0o10_000_000;

/**
 * Removes a file, or a directory with everything in it. It also removes directories whose own permissions a program
 * removed. A path that does not exist is removed already. A program that writes in the directory can make this fail,
 * but cannot lead it elsewhere; the path itself is trusted.
 *
 * Directories inside are first moved to the top: a tree that a program nested 100,000 levels deep would overflow the
 * stack of a removal that descends, and its paths would be longer than the kernel takes.
 */
export async function removeTree(path: string): Promise<void> {
  for (let round = 1;; round++) {
    try {
      return await removeOnce(path);
    } catch (error) {
      if (round === ROUNDS || systemCodeOf(error) !== "ENOTEMPTY") throw error;
    }
  }
}

async function removeOnce(path: string): Promise<void> {
  const kind = await ignoreMissing(Deno.lstat(path));
  if (kind === undefined) return;
  if (!kind.isDirectory) return await ignoreMissing(Deno.remove(path));
  const pending: string[] = [];
  await ignoreMissing(withAccess(path, async (opened) => {
    for (const name of await removeFiles(opened)) pending.push(`${path}/${name}`);
  }));
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const current = directory;
    await ignoreMissing(withAccess(current, async (opened) => {
      for (const name of await removeFiles(opened)) {
        const top = `${path}/.${crypto.randomUUID()}`;
        await ignoreMissing(Deno.rename(`${opened}/${name}`, top).then(() => void pending.push(top)));
      }
      await Deno.remove(current);
    }));
  }
  await ignoreMissing(Deno.remove(path));
}

/** Removes everything in a directory but its directories. Returns their names. */
async function removeFiles(directory: string): Promise<string[]> {
  const directories: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) directories.push(name);
    else await ignoreMissing(Deno.remove(`${directory}/${name}`));
  }
  return directories;
}

/** Waits for work on an entry; undefined where it is missing. Another removal of the tree may have been first. */
export async function ignoreMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Attempts work on an open directory, and again with all permissions after a refusal. The directory and those in it get
 * the permissions: moving one needs its own. An entry that has taken the directory's place meanwhile, such as a
 * symlink, is removed instead.
 */
async function withAccess(path: string, attempt: (opened: string) => Promise<void>): Promise<void> {
  using directory = openDirectory(path);
  if (directory === undefined) return await Deno.remove(path);
  try {
    await attempt(directory.path);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    await Deno.chmod(directory.path, 0o700);
    for await (const { name, isDirectory } of Deno.readDir(directory.path)) {
      using child = isDirectory ? openDirectory(`${directory.path}/${name}`) : undefined;
      if (child !== undefined) await Deno.chmod(child.path, 0o700);
    }
    await attempt(directory.path);
  }
}

/** A directory that is held open. */
interface OpenDirectory extends Disposable {
  /**
   * A path to the open directory, whatever a program puts in its place. Without a `/proc`, the directory's own path.
   */
  readonly path: string;
}

/** Opens a directory. Undefined where the path is none, for example a symlink. */
function openDirectory(path: string): OpenDirectory | undefined {
  if (Deno.build.os !== "linux") return { path, [Symbol.dispose]() {} };
  try {
    const descriptor = fs.openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    return { path: `/proc/self/fd/${descriptor}`, [Symbol.dispose]: () => fs.closeSync(descriptor) };
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw error;
  }
}
