import { join } from "@std/path";

/**
 * Reads a file of the kernel.
 *
 * @throws the error of the system
 */
export function read(path: string): string {
  return Deno.readTextFileSync(path);
}

/**
 * Writes a file of the kernel that exists.
 *
 * @throws the error of the system
 */
export function write(path: string, value: string | number): void {
  Deno.writeTextFileSync(path, String(value), { create: false });
}

/** Writes a file of the kernel where it exists. */
export function writeIfThere(path: string, value: string | number): void {
  try {
    write(path, value);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The processes of a group; none where the group is gone. */
export function membersOf(directory: string): number[] {
  try {
    // A process of another process namespace is 0 here, and a signal to 0 would reach this service's own group.
    return read(join(directory, "cgroup.procs")).split("\n").map(Number).filter((pid) => pid > 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // The group is removed, perhaps before its groups for other controllers.
    throw error;
  }
}

/** Removes a directory that is empty, or a group of no processes. Returns whether it is gone. */
export function removeIfThere(directory: string): boolean {
  try {
    Deno.removeSync(directory);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
