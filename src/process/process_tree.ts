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

/**
 * The fields of proc_pid_stat(5) from the third on. The name before them may hold spaces and parentheses.
 *
 * @throws what the system throws where the process is gone
 */
export function statFieldsOf(pid: number): string[] {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Whether a process can still do something: it is there, and more than the entry that its parent has yet to read. */
export function isAlive(pid: number): boolean {
  try {
    return !["Z", "X"].includes(statFieldsOf(pid)[0] ?? "");
  } catch {
    return false;
  }
}

/** The process group of a process, also of one that has ended and is not reaped; undefined where it is gone. */
export function groupOf(pid: number): number | undefined {
  try {
    return Number(statFieldsOf(pid)[2]);
  } catch {
    return undefined;
  }
}

/**
 * Where the kernel describes each thread of a process. The entry of a process is that of its first thread, which may have
 * ended while others go on: it names no memory and no files then.
 *
 * @throws what the system throws where the process is gone
 */
function threadsOf(pid: number): string[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => `/proc/${pid}/task/${name}`);
}

/**
 * What the entry of a process shows, or else that of one of its threads; undefined where none shows anything.
 *
 * @throws what the system throws where the process is gone, or may not be looked into
 */
export function findInEntries<Found>(pid: number, read: (entry: string) => Found | undefined): Found | undefined {
  const found = read(`/proc/${pid}`);
  if (found !== undefined) return found;
  for (const thread of threadsOf(pid)) {
    try {
      const shown = read(thread);
      if (shown !== undefined) return shown;
    } catch {
      // This thread has ended, as any may while others are read.
    }
  }
  return undefined;
}

/** Where the open files of a process are reached; none where it has ended, or may not be looked into. */
export function descriptorPathsOf(pid: number): string[] {
  try {
    return findInEntries(pid, filesOf) ?? [];
  } catch {
    return [];
  }
}

function filesOf(entry: string): string[] | undefined {
  const paths = [...Deno.readDirSync(`${entry}/fd`)].map(({ name }) => `${entry}/fd/${name}`);
  return paths.length > 0 ? paths : undefined;
}

/** How many files a process has open. */
export function descriptorsOf(pid: number): number {
  return descriptorPathsOf(pid).length;
}
