/**
 * Removes a file, or a directory with everything in it, also where a program took its own permissions away. What is not
 * there is removed already. No program may be at work in it.
 *
 * A directory deep inside is first moved to the top: a tree that a program nested 100,000 levels deep would overflow the
 * stack of a removal that descends, and its paths would be longer than the kernel takes.
 */
export async function removeTree(path: string): Promise<void> {
  const kind = await lstatOrUndefined(path);
  if (kind === undefined) return;
  if (!kind.isDirectory) return await Deno.remove(path);
  const mark = crypto.randomUUID();
  let moved = 0;
  const pending = [path];
  for (let directory = pending.at(-1); directory !== undefined; directory = pending.at(-1)) {
    await Deno.chmod(directory, 0o700);
    for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(directory))) {
      const child = `${directory}/${name}`;
      if (!isDirectory) await Deno.remove(child);
      else if (directory === path) pending.push(child);
      else {
        await Deno.chmod(child, 0o700);
        await Deno.rename(child, `${path}/${mark}_${moved}`);
        pending.push(`${path}/${mark}_${moved++}`);
      }
    }
    if (pending.at(-1) !== directory) continue;
    await Deno.remove(directory);
    pending.pop();
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
