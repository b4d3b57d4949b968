import { join } from "@std/path";
import { MEBIBYTE } from "../core/limits.ts";
import { mountsOf } from "../host/cgroup_mounts.ts";
import { delay } from "../concurrency/delay.ts";
import { type GroupCounts, type GroupMemory, PAGE_BYTES, type ProcessGroup } from "../process/process_group.ts";

/** What the kernel keeps a group of processes to. */
export interface CgroupBounds {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly tasks: number;
}

/** A directory for each controller that counts; the same one for all in version 2. */
export interface CgroupDirectories {
  readonly memory: string;
  readonly pids: string;
  readonly cpu: string;
}

/** Where groups are made, and by which version of the kernel's interface (cgroups(7)). */
interface Layout {
  readonly parents: CgroupDirectories;
  readonly version: 1 | 2;
}

const PREFIX = "codebeaker-";
const WANTED = ["memory", "pids"];
/** Enough for a try. */
export const TRY_BOUNDS: CgroupBounds = { memoryBytes: 64 * MEBIBYTE, tasks: 64 };
/** A process that was killed is in its group until it is gone. */
const REMOVAL_TRIES = 20;
const REMOVAL_INTERVAL_MS = 25;

/** Control groups for the programs of one service, below the service's own where the kernel lets it make some. */
export class Cgroups implements Disposable {
  readonly #layout: Layout;
  #made = 0;

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Which version of the kernel's interface it is. */
  get version(): 1 | 2 {
    return this.#layout.version;
  }

  /**
   * @param name tells this service's groups from those of others, and from those that a lost service left
   * @throws {Error} that says why none can be made here
   */
  static open(name: string): Cgroups {
    const layout = version2(name) ?? version1(name);
    if (layout === undefined) throw new Error("no memory and pids controllers can be written here");
    const groups = new Cgroups(layout);
    try {
      groups.make(TRY_BOUNDS).remove();
    } catch (error) {
      groups[Symbol.dispose]();
      throw error;
    }
    return groups;
  }

  /**
   * Removes what a lost service of this name left. Its processes have died with it, or are killed now; what has just
   * died is waited for. Whether nothing is left.
   */
  static async removeLeftovers(name: string): Promise<boolean> {
    const left = [...new Set(mountsOf().flatMap(({ own, point }) => [own, point]))].map((parent) =>
      join(parent, `${PREFIX}${name}`)
    );
    for (let triesLeft = REMOVAL_TRIES; triesLeft > 0; triesLeft--) {
      if (left.map(removeWithMembers).every((isGone) => isGone)) return true;
      await delay(REMOVAL_INTERVAL_MS);
    }
    return false;
  }

  /** A group with these bounds and nothing in it. */
  make({ memoryBytes, tasks }: CgroupBounds): Cgroup {
    const name = String(this.#made++);
    const { version, parents } = this.#layout;
    const [memory, pids, cpu] = [parents.memory, parents.pids, parents.cpu].map((parent) => join(parent, name));
    const directories = { memory: memory ?? "", pids: pids ?? "", cpu: cpu ?? "" };
    for (const directory of new Set(Object.values(directories))) Deno.mkdirSync(directory);
    const group = new Cgroup(directories, version);
    group.bound({ memoryBytes, tasks });
    return group;
  }

  [Symbol.dispose](): void {
    for (const parent of new Set(Object.values(this.#layout.parents))) removeIfThere(parent);
  }
}

/** One group of processes, which the kernel counts, bounds, and tells from all others whatever they do. */
export class Cgroup implements ProcessGroup {
  readonly #at: CgroupDirectories;
  readonly #directories: readonly string[];
  readonly #version: 1 | 2;

  /** One that is there. */
  constructor(at: CgroupDirectories, version: 1 | 2) {
    this.#at = at;
    this.#directories = [...new Set(Object.values(at))];
    this.#version = version;
  }

  bound({ memoryBytes, tasks }: CgroupBounds): void {
    const [memory, swap] = this.#version === 2
      ? [["memory.max", memoryBytes], ["memory.swap.max", 0]] as const
      : [["memory.limit_in_bytes", memoryBytes], ["memory.memsw.limit_in_bytes", memoryBytes]] as const;
    write(join(this.#at.memory, memory[0]), memory[1]);
    writeIfThere(join(this.#at.memory, swap[0]), swap[1]); // Kernels without swap accounting have none.
    if (this.#version === 2) writeIfThere(join(this.#at.memory, "memory.oom.group"), 1);
    write(join(this.#at.pids, "pids.max"), tasks);
  }

  /** The files by which a process joins, by writing 0 into each, with what it starts from then on. */
  get files(): string[] {
    return this.#directories.map((directory) => join(directory, "cgroup.procs"));
  }

  counts(): GroupCounts {
    const { cpu, memory, pids } = this.#at;
    if (this.#version === 2) {
      return {
        cpuMs: field(read(join(cpu, "cpu.stat")), "usage_usec") / 1e3,
        outOfMemory: field(read(join(memory, "memory.events")), "oom_kill"),
        refusedTasks: field(read(join(pids, "pids.events")), "max"),
      };
    }
    return {
      cpuMs: Number(read(join(cpu, "cpuacct.usage"))) / 1e6,
      outOfMemory: field(read(join(memory, "memory.oom_control")), "oom_kill"),
      refusedTasks: field(read(join(pids, "pids.events")), "max"),
    };
  }

  /** It takes as long to read as all that {@link counts} reads. */
  memory(): GroupMemory {
    const stat = read(join(this.#at.memory, "memory.stat"));
    const [anonymous, files, shared, reread, faults] = this.#version === 2
      ? ["anon", "file", "shmem", "workingset_refault_file", "pgmajfault"] as const
      : ["total_rss", "total_cache", "total_shmem", "total_workingset_refault_file", "total_pgmajfault"] as const;
    return {
      anonymousBytes: field(stat, anonymous),
      sharedBytes: field(stat, shared),
      cachedBytes: field(stat, files) - field(stat, shared),
      rereadBytes: field(stat, reread) * PAGE_BYTES,
      majorFaults: field(stat, faults),
    };
  }

  /** The most memory at any time, with that of files; undefined where the kernel does not tell. */
  peakBytes(): number | undefined {
    try {
      return Number(read(join(this.#at.memory, this.#version === 2 ? "memory.peak" : "memory.max_usage_in_bytes")));
    } catch {
      return undefined; // Linux before 5.19 has no such file in version 2.
    }
  }

  /** The processes in it, by the numbers that this service knows them by; none where it is gone. */
  members(): number[] {
    return membersOf(this.#at.pids);
  }

  /** Once it is empty. Whether it is gone. */
  remove(): boolean {
    return this.#directories.map(removeIfThere).every((isGone) => isGone);
  }
}

/** The unified hierarchy, where a process may not live beside groups that have controllers. */
function version2(name: string): Layout | undefined {
  const mount = mountsOf().find(({ type }) => type === "cgroup2");
  if (mount === undefined) return undefined;
  for (const parent of new Set([mount.own, mount.point])) {
    const place = join(parent, `${PREFIX}${name}`);
    try {
      lendControllers(parent, name);
      Deno.mkdirSync(place);
      lendControllers(place, name);
      return { version: 2, parents: { memory: place, pids: place, cpu: place } };
    } catch {
      removeIfThere(place); // Not here: the next one, or none.
    }
  }
  return undefined;
}

/**
 * Lets groups below have the controllers. A service that lives there alone moves below first.
 *
 * @throws {Error} when it cannot be done
 */
function lendControllers(parent: string, name: string): void {
  const has = (file: string) => {
    const names = read(join(parent, file)).trim().split(" ");
    return WANTED.every((wanted) => names.includes(wanted));
  };
  if (has("cgroup.subtree_control")) return;
  if (!has("cgroup.controllers")) throw new Error("the controllers are not there");
  const residents = read(join(parent, "cgroup.procs")).trim().split("\n");
  if (residents.length === 1 && Number(residents[0]) === Deno.pid) {
    const own = join(parent, `${PREFIX}${name}.service`);
    Deno.mkdirSync(own, { recursive: true });
    write(join(own, "cgroup.procs"), Deno.pid);
  }
  write(join(parent, "cgroup.subtree_control"), WANTED.map((wanted) => `+${wanted}`).join(" "));
}

/** A hierarchy for each controller. */
function version1(name: string): Layout | undefined {
  const made: string[] = [];
  const place = (controller: string) => {
    const mount = mountsOf().find(({ type, controllers }) => type === "cgroup" && controllers.includes(controller));
    if (mount === undefined) throw new Error(`there is no ${controller} controller`);
    const path = join(mount.own, `${PREFIX}${name}`);
    Deno.mkdirSync(path, { recursive: true });
    made.push(path);
    return path;
  };
  try {
    return { version: 1, parents: { memory: place("memory"), pids: place("pids"), cpu: place("cpuacct") } };
  } catch {
    made.forEach(removeIfThere);
    return undefined;
  }
}

function field(text: string, name: string): number {
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function read(path: string): string {
  return Deno.readTextFileSync(path);
}

function write(path: string, value: string | number): void {
  Deno.writeTextFileSync(path, String(value), { create: false });
}

function writeIfThere(path: string, value: string | number): void {
  try {
    write(path, value);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function membersOf(directory: string): number[] {
  try {
    // One of another process namespace is 0 here, and a signal to that would reach this service's own group.
    return read(join(directory, "cgroup.procs")).split("\n").map(Number).filter((pid) => pid > 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // It is removed, perhaps before the others of its kind.
    throw error;
  }
}

/** A group with those below it. Whether all of it is gone. */
function removeWithMembers(directory: string): boolean {
  for (const group of [...childrenOf(directory).map((name) => join(directory, name)), directory]) {
    for (const pid of membersOf(group)) killIfThere(pid);
    removeIfThere(group);
  }
  return removeIfThere(directory);
}

function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function childrenOf(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch {
    return [];
  }
}

function removeIfThere(directory: string): boolean {
  try {
    Deno.removeSync(directory);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
