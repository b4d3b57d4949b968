import { join } from "@std/path";
import { MEBIBYTE } from "../core/limits.ts";
import { mountsOf } from "../host/cgroup_mounts.ts";
import { delay } from "../concurrency/delay.ts";
import { signalProcess } from "../process/terminate.ts";
import { Cgroup, type CgroupBounds, type CgroupDirectories } from "./cgroup.ts";
import { membersOf, read, removeIfThere, write } from "./cgroup_files.ts";
import { movableFrom } from "./movable_processes.ts";

/** The parents of groups, and the version of the kernel's interface (cgroups(7)). */
interface Layout {
  readonly parents: CgroupDirectories;
  readonly version: 1 | 2;
}

const PREFIX = "codebeaker-";
const WANTED = ["memory", "pids"];
/** Bounds of a group that tests whether groups work. */
export const TRY_BOUNDS: CgroupBounds = { memoryBytes: 64 * MEBIBYTE, tasks: 64 };
/** Tries to remove a group. A killed process stays in its group until it is gone. */
const REMOVAL_TRIES = 20;
const REMOVAL_INTERVAL_MS = 25;

/**
 * Makes control groups for the programs of one service. They lie below the service's own group where the kernel permits
 * that.
 */
export class Cgroups implements Disposable {
  readonly #layout: Layout;
  #made = 0;

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** The directories of the groups: their parents. */
  get directories(): string[] {
    return [...new Set(Object.values(this.#layout.parents))];
  }

  /** The version of the kernel's interface. */
  get version(): 1 | 2 {
    return this.#layout.version;
  }

  /**
   * @param name distinguishes this service's groups from those of other services, lost ones among them
   * @throws {Error} with the reason when no group can be made here
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
   * Kills the processes of a lost service and removes its groups. A group is removed once its processes are gone.
   * Returns whether no group remains.
   */
  static async removeOrphans(name: string): Promise<boolean> {
    const left = [...new Set(mountsOf().flatMap(({ own, point }) => [own, point]))].map((parent) =>
      join(parent, `${PREFIX}${name}`)
    );
    for (let triesLeft = REMOVAL_TRIES; triesLeft > 0; triesLeft--) {
      if (left.map(removeWithMembers).every((isGone) => isGone)) return true;
      await delay(REMOVAL_INTERVAL_MS);
    }
    return false;
  }

  /** Makes an empty group with these bounds. */
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
    for (const parent of this.directories) removeIfThere(parent);
  }
}

/** Opens the unified hierarchy. There, a group whose children have controllers may hold no process itself. */
function version2(name: string): Layout | undefined {
  const mount = mountsOf().find(({ type }) => type === "cgroup2");
  if (mount === undefined) return undefined;
  for (const parent of new Set([mount.own, mount.point])) {
    const place = join(parent, `${PREFIX}${name}`);
    try {
      delegateControllers(parent, name);
      Deno.mkdirSync(place);
      delegateControllers(place, name);
      return { version: 2, parents: { memory: place, pids: place, cpu: place } };
    } catch {
      removeIfThere(place); // Not possible here: the next place is tried.
    }
  }
  return undefined;
}

/**
 * Delegates the controllers to the groups below. A service that is alone in the parent, or to which the parent is
 * delegated with every process in it, moves below first.
 *
 * @throws {Error} when the delegation is refused
 */
function delegateControllers(parent: string, name: string): void {
  const has = (file: string) => {
    const names = read(join(parent, file)).trim().split(" ");
    return WANTED.every((wanted) => names.includes(wanted));
  };
  if (has("cgroup.subtree_control")) return;
  if (!has("cgroup.controllers")) throw new Error("the controllers are not there");
  const movable = movableFrom(parent);
  const own = join(parent, `${PREFIX}${name}.service`);
  if (movable.length > 0) Deno.mkdirSync(own, { recursive: true });
  for (const pid of movable) moveTo(own, pid);
  write(join(parent, "cgroup.subtree_control"), WANTED.map((wanted) => `+${wanted}`).join(" "));
}

function moveTo(group: string, pid: number): void {
  try {
    write(join(group, "cgroup.procs"), pid);
  } catch {
    // The process has ended. One that stays in the parent makes the kernel refuse what comes next.
  }
}

/** Opens a hierarchy for each controller. */
function version1(name: string): Layout | undefined {
  const made: string[] = [];
  const mounts = mountsOf();
  const place = (controller: string) => {
    const mount = mounts.find(({ type, controllers }) => type === "cgroup" && controllers.includes(controller));
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

/** Removes a group and those below it, and kills their processes. Returns whether all are gone. */
function removeWithMembers(directory: string): boolean {
  for (const group of [...childrenOf(directory).map((name) => join(directory, name)), directory]) {
    for (const pid of membersOf(group)) signalProcess(pid, "SIGKILL");
    removeIfThere(group);
  }
  return removeIfThere(directory);
}

function childrenOf(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch {
    return [];
  }
}
