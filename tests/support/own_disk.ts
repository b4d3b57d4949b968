import type { Availability } from "../../src/core/capabilities.ts";

/** A disk of a test's own, which it can fill. Disposing removes it. */
export interface OwnDisk extends AsyncDisposable {
  readonly path: string;
  /** Leaves no room on it, and no room for the name of a file either; returns what gives the room back. */
  fill(): Promise<() => Promise<void>>;
}

/** Names that are left on a disk until it is filled: a generated `/etc` alone takes some 400. */
const FILES = 2_000;

/** Whether this machine lets a test mount one. */
export async function ownDiskAvailability(): Promise<Availability> {
  try {
    await using _disk = await mountOwnDisk(1);
    return { available: true };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A file system in memory, in a directory of its own. */
export async function mountOwnDisk(sizeMb: number): Promise<OwnDisk> {
  const path = await Deno.makeTempDir();
  await Deno.chmod(path, 0o711);
  try {
    await run("mount", "-t", "tmpfs", "-o", `size=${sizeMb}m,nr_inodes=${FILES},mode=0711`, "disk", path);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    fill: () => fill(path),
    async [Symbol.asyncDispose]() {
      await run("umount", "--lazy", path);
      await Deno.remove(path);
    },
  };
}

async function fill(path: string): Promise<() => Promise<void>> {
  const filler = await Deno.makeTempDir({ dir: path });
  const chunk = new Uint8Array(65_536);
  {
    using file = await Deno.open(`${filler}/bytes`, { create: true, write: true });
    for (let size = chunk.length; size >= 1; size = Math.floor(size / 2)) {
      while (await fits(file.write(chunk.subarray(0, size))));
    }
  }
  for (let index = 0; await fits(Deno.writeTextFile(`${filler}/${index}`, "")); index++);
  return () => Deno.remove(filler, { recursive: true });
}

async function fits(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Error && /ENOSPC|os error 28/.test(`${error.message}`)) return false;
    throw error;
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
