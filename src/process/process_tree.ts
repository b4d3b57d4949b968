/**
 * The children of a process, by any of its threads: proc_pid_task(5). None where there is no `/proc`, or it has ended.
 */
export function childrenOf(pid: number): number[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" ").filter((child) => child !== "").map(Number)
    );
  } catch {
    return []; // It ended meanwhile.
  }
}

/** A process, and everything that descends from it by an unbroken line of parents. */
export function familyOf(pid: number): number[] {
  const family = [pid];
  for (const member of family) family.push(...childrenOf(member));
  return family;
}

/** Whether a process can still do something: it is there, and more than the entry that its parent has yet to read. */
export function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !["Z", "X"].includes(stat.charAt(stat.lastIndexOf(")") + 2)); // Its name, before that, may hold anything.
  } catch {
    return false;
  }
}

/** Where the open files of a process are reached; none where it has ended, or may not be looked into. */
export function descriptorPathsOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => `/proc/${pid}/fd/${name}`);
  } catch {
    return [];
  }
}

/** How many files a process has open. */
export function descriptorsOf(pid: number): number {
  return descriptorPathsOf(pid).length;
}
