import { basename, dirname, join } from "@std/path";

/**
 * Returns a path by which every user can start a binary. It is the binary's own, or a link or copy in the service's
 * directory.
 */
export function stageBinary(named: string, directory: string): string {
  const binary = Deno.realPathSync(named); // The permissions of a symlink's target count.
  const isOpen = isOpenToAll(binary);
  if (isOpen && isReachedByAll(binary)) return binary;
  const staged = join(directory, basename(binary));
  if (isOpen && isLinked(binary, staged)) return staged;
  placeCopy(binary, staged, { mode: 0o755 });
  return staged;
}

/**
 * Returns a path by which every user can read the files of a directory. It is the directory's own, or a directory of links
 * or copies in the service's.
 */
export function stageFiles(named: string, directory: string): string {
  const source = Deno.realPathSync(named);
  const names = [...Deno.readDirSync(source)].map(({ name }) => name);
  if (isReachedByAll(source) && [source, ...names.map((name) => join(source, name))].every(isReadByAll)) return source;
  const staged = join(directory, basename(source));
  Deno.mkdirSync(staged, { recursive: true });
  Deno.chmodSync(staged, 0o755);
  for (const name of names) {
    const [from, to] = [join(source, name), join(staged, name)];
    if (isReadByAll(from) && isLinked(from, to)) continue;
    placeCopy(from, to, { mode: 0o644 });
  }
  return staged;
}

/** Copies a file as a whole or not at all. A file with the final name is later taken to be complete. */
function placeCopy(from: string, to: string, { mode }: { readonly mode: number }): void {
  const half = `${to}.${crypto.randomUUID()}`;
  try {
    Deno.copyFileSync(from, half);
    Deno.chmodSync(half, mode);
    Deno.renameSync(half, to);
  } catch (error) {
    try {
      Deno.removeSync(half);
    } catch {
      // It was not made.
    }
    throw error;
  }
}

function isLinked(binary: string, staged: string): boolean {
  try {
    Deno.linkSync(binary, staged);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) return false; // The binary lies on another file system.
    return isCurrent(staged, Deno.statSync(binary)) || isRelinked(binary, staged);
  }
}

/** Replaces an old file by a link. Returns false where the binary lies on another file system. */
function isRelinked(binary: string, staged: string): boolean {
  const half = `${staged}.${crypto.randomUUID()}`;
  try {
    Deno.linkSync(binary, half);
  } catch {
    return false;
  }
  Deno.renameSync(half, staged);
  return true;
}

/** Whether a file is a link to another. On another file system, a copy of its size counts as one. */
function isCurrent(staged: string, { dev, ino, size }: Deno.FileInfo): boolean {
  const found = Deno.statSync(staged);
  return found.dev === dev ? found.ino === ino : found.size === size;
}

/**
 * Whether every directory above a path lets others pass.
 *
 * @throws the error of the system
 */
export function isReachedByAll(path: string): boolean {
  for (let place = dirname(path);; place = dirname(place)) {
    if (!isOpenToAll(place)) return false;
    if (place === dirname(place)) return true;
  }
}

/** Whether others may start a program, or pass a directory. */
function isOpenToAll(path: string): boolean {
  return ((Deno.statSync(path).mode ?? 0) & 0o001) !== 0;
}

/**
 * Whether others may read a file, or list and pass a directory.
 *
 * @throws the error of the system
 */
export function isReadByAll(path: string): boolean {
  const { isDirectory, mode } = Deno.statSync(path);
  const needed = isDirectory ? 0o005 : 0o004;
  return ((mode ?? 0) & needed) === needed;
}
