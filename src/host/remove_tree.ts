/**
 * Removes a file, or a directory with everything in it, also where a program took its own permissions away. What is not
 * there is removed already. No program may be at work in it.
 *
 * Directories inside are first moved to the top: a tree that a program nested 100,000 levels deep would overflow the
 * stack of a removal that descends, and its paths would be longer than the kernel takes.
 */
export async function removeTree(path: string): Promise<void> {
  const kind = await lstatOrUndefined(path);
  if (kind === undefined) return;
  if (!kind.isDirectory) return await Deno.remove(path);
  const pending: string[] = [];
  await ignoreMissing(withAccess(path, async () => void pending.push(...await removeFiles(path))));
  let moved = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const current = directory;
    await ignoreMissing(withAccess(current, async () => {
      for (const child of await removeFiles(current)) {
        const top = `${path}/.${moved++}-${crypto.randomUUID()}`;
        await Deno.rename(child, top);
        pending.push(top);
      }
      await Deno.remove(current);
    }));
  }
  await ignoreMissing(Deno.remove(path));
}

/** Removes everything in a directory but the directories, which it returns. */
async function removeFiles(directory: string): Promise<string[]> {
  const directories: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) directories.push(`${directory}/${name}`);
    else await ignoreMissing(Deno.remove(`${directory}/${name}`));
  }
  return directories;
}

/** Whoever else removes the same tree may have been here first. */
async function ignoreMissing(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Tries, and tries again with all permissions on a directory and those in it: moving one needs its own. */
async function withAccess<T>(directory: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    await Deno.chmod(directory, 0o700);
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (isDirectory) await Deno.chmod(`${directory}/${name}`, 0o700);
    }
    return await attempt();
  }
}

async function lstatOrUndefined(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
