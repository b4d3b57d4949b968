/**
 * The children of all threads of a process: proc_pid_task(5). None without a `/proc`, or where the process has ended.
 */
export function childrenOf(pid: number): number[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" ").filter((child) => child !== "").map(Number)
    );
  } catch {
    return []; // The process ended meanwhile.
  }
}

/** A process and its descendants by an unbroken line of parents. */
export function familyOf(pid: number): number[] {
  const family = [pid];
  for (const member of family) family.push(...childrenOf(member));
  return family;
}

/**
 * The fields of proc_pid_stat(5) from the third on. The name before them may hold spaces and parentheses.
 *
 * @throws the error of the system where the process is gone
 */
export function statFieldsOf(pid: number): string[] {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Whether a process still runs. A process that waits for its parent to reap it does not. */
export function isAlive(pid: number): boolean {
  try {
    return !["Z", "X"].includes(statFieldsOf(pid)[0] ?? "");
  } catch {
    return false;
  }
}

/**
 * The process group of a process; undefined where the process is gone. A process that has ended and is not reaped still
 * has one.
 */
export function groupOf(pid: number): number | undefined {
  try {
    return Number(statFieldsOf(pid)[2]);
  } catch {
    return undefined;
  }
}

/** What threads had of the cores. */
export interface CoreTimes {
  /** The time on a core, in ms. */
  readonly runMs: number;
  /** The time ready to run without a core, in ms. */
  readonly waitMs: number;
}

/**
 * The core times of the threads that some processes have now: Documentation/scheduler/sched-stats.rst,
 * `/proc/<pid>/schedstat`. Zero where the kernel does not tell.
 */
export function coreTimesOf(pids: readonly number[]): CoreTimes {
  let [runNs, waitNs] = [0, 0];
  for (const thread of pids.flatMap(livingThreadsOf)) {
    try {
      const [run = 0, wait = 0] = Deno.readTextFileSync(`${thread}/schedstat`).split(" ").map(Number);
      runNs += run;
      waitNs += wait;
    } catch {
      // The thread has ended, or the kernel does not tell.
    }
  }
  return { runMs: runNs / 1e6, waitMs: waitNs / 1e6 };
}

function livingThreadsOf(pid: number): string[] {
  try {
    return threadsOf(pid);
  } catch {
    return []; // The process has ended.
  }
}

/**
 * The kernel's directory of each thread of a process. The entry of a process is that of its first thread, which may
 * have ended while others go on: then it names no memory and no files.
 *
 * @throws the error of the system where the process is gone
 */
function threadsOf(pid: number): string[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => `/proc/${pid}/task/${name}`);
}

/**
 * Reads the entry of a process, or else the entries of its threads. Undefined where none of them shows anything.
 *
 * @throws the error of the system where the process is gone, or may not be inspected
 */
export function findInEntries<Found>(pid: number, read: (entry: string) => Found | undefined): Found | undefined {
  const found = read(`/proc/${pid}`);
  if (found !== undefined) return found;
  for (const thread of threadsOf(pid)) {
    try {
      const shown = read(thread);
      if (shown !== undefined) return shown;
    } catch {
      // This thread has ended, as any thread may while others are read.
    }
  }
  return undefined;
}

/** The paths of a process's open files. None where the process has ended, or may not be inspected. */
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

/** How many files a process has open. None where the process has ended, or may not be inspected. */
export function descriptorsOf(pid: number): number {
  try {
    return findInEntries(pid, countFilesOf) ?? 0;
  } catch {
    return 0;
  }
}

/**
 * Counts the open files of an entry. From Linux 6.2 on their number is the directory's size, which takes a twentieth of
 * the time of reading their names: Documentation/filesystems/proc.rst, 3.1.
 */
function countFilesOf(entry: string): number | undefined {
  const { size } = Deno.statSync(`${entry}/fd`);
  return size > 0 ? size : filesOf(entry)?.length;
}
