import { join } from "@std/path";
import { containersOf, openEngine } from "./docker.ts";

/** Users of programs: src/host/own_uids.ts. */
const FIRST_UID = 0x7000_0000;
const BLOCK_SIZE = 0x1_0000;
const LOCKS_DIRECTORY = "/run/codebeaker";
const UID_LOCK = /\/uids-(\d+)\.lock$/;
const CONTROLLERS = "/sys/fs/cgroup";

/** What is there of services in one scratch directory, seen from outside of them. */
export interface Footprint {
  /** Processes of programs and launchers, with their command lines. */
  readonly processes: string[];
  readonly mounts: string[];
  readonly cgroups: string[];
  /** In the scratch directory: the services' own, and their locks. */
  readonly directories: string[];
  /** Blocks of users that were theirs and that nobody else can take. */
  readonly uids: string[];
  readonly containers: string[];
}

/** Nothing of any service. */
export const NOTHING: Footprint = {
  processes: [],
  mounts: [],
  cgroups: [],
  directories: [],
  uids: [],
  containers: [],
};

/** Remembers what services in one scratch directory are known by, so that what they leave can be found when they are gone. */
export class FootprintWatch {
  readonly #scratch: string;
  /** Names of directories, which control groups carry too. */
  readonly #names = new Set<string>();
  readonly #blocks = new Set<string>();
  readonly #pids = new Set<number>();
  readonly #docker: { readonly host: string; readonly instanceId: string } | undefined;

  constructor(scratch: string, docker?: { readonly host: string; readonly instanceId: string }) {
    this.#scratch = scratch;
    this.#docker = docker;
  }

  /** Learns of a service that lives. */
  learn(pid: number): void {
    this.#pids.add(pid);
    this.#learnNames();
    for (const block of blocksOf(pid)) this.#blocks.add(block);
  }

  /** The blocks of users that were theirs; none where services have no users of their own. */
  get blocks(): readonly string[] {
    return [...this.#blocks];
  }

  /** What there is now of those that were learnt. */
  async look(): Promise<Footprint> {
    this.#learnNames();
    const docker = this.#docker;
    const containers = docker === undefined ? [] : await containersOf(openEngine(docker.host), docker.instanceId);
    return {
      processes: this.#processes(),
      mounts: linesOf("/proc/self/mountinfo").filter((line) => line.includes(` ${this.#scratch}/`)),
      cgroups: this.#cgroups(),
      directories: namesIn(this.#scratch),
      uids: this.#lockedBlocks(),
      containers: containers.map(({ Id }) => Id),
    };
  }

  #learnNames(): void {
    for (const name of namesIn(this.#scratch)) {
      if (name.startsWith("codebeaker-")) this.#names.add(name.replace(/\.lock$/, ""));
    }
  }

  #processes(): string[] {
    const found = this.#candidates();
    if (found.every(({ isNamed }) => isNamed)) return found.map(({ text }) => text);
    // Another service may take a block meanwhile, or have given one back: then its programs are those of that.
    const taken = new Set(processIds().flatMap(blocksOf));
    const again = this.#candidates();
    for (const block of processIds().flatMap(blocksOf)) taken.add(block);
    return again.filter(({ block, isNamed }) => isNamed || !taken.has(block)).map(({ text }) => text);
  }

  /** Processes that have a name of theirs, or a user of a block that was theirs. */
  #candidates(): { readonly text: string; readonly isNamed: boolean; readonly block: string }[] {
    return processIds().filter((pid) => !this.#pids.has(pid)).flatMap((pid) => {
      const status = textOf(`/proc/${pid}/status`);
      if (!/^State:\s+[^ZX]/m.test(status)) return []; // It has ended, and its parent has not asked how.
      const command = commandOf(pid);
      const groups = textOf(`/proc/${pid}/cgroup`);
      const block = String(Math.floor((uidIn(status) - FIRST_UID) / BLOCK_SIZE));
      const isNamed = command.includes(`${this.#scratch}/`) && !command.includes(" serve ") ||
        directoryOf(pid).startsWith(`${this.#scratch}/`) ||
        [...this.#names].some((name) => groups.includes(name));
      return isNamed || this.#blocks.has(block) ? [{ text: `${pid} ${command}`, isNamed, block }] : [];
    });
  }

  #cgroups(): string[] {
    return controllerDirectories().flatMap((directory) =>
      namesIn(directory).filter((name) => [...this.#names].some((own) => name.includes(own)))
        .map((name) => join(directory, name))
    );
  }

  /** A lock outlives its service where something that inherited it lives on; one that a stranger has taken since was free. */
  #lockedBlocks(): string[] {
    const strangers = new Set(processIds().filter((pid) => this.#isStranger(pid)).flatMap(blocksOf));
    return this.blocks.filter((block) => !strangers.has(block) && !canLock(block));
  }

  /** Whether a process is another's service, or a test like this one: root's Deno, with nothing that theirs are known by. */
  #isStranger(pid: number): boolean {
    const groups = textOf(`/proc/${pid}/cgroup`);
    return !this.#pids.has(pid) && executableOf(pid).endsWith("/deno") && uidIn(textOf(`/proc/${pid}/status`)) === 0 &&
      !commandOf(pid).includes(this.#scratch) && ![...this.#names].some((name) => groups.includes(name));
  }
}

function canLock(block: string): boolean {
  using lock = Deno.openSync(join(LOCKS_DIRECTORY, `uids-${block}.lock`), { create: true, write: true, mode: 0o600 });
  return lock.tryLockSync(true);
}

function blocksOf(pid: number): string[] {
  return openFiles(pid).flatMap((path) => UID_LOCK.exec(path)?.[1] ?? []);
}

function executableOf(pid: number): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/exe`);
  } catch {
    return ""; // It is gone, or one of the kernel's own.
  }
}

/** Launchers work in their service's directory, and name no path. */
function directoryOf(pid: number): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // It is gone.
  }
}

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

/** Where control groups of this machine's services can be: at the top of each hierarchy, or in their own group. */
function controllerDirectories(): string[] {
  const tops = [CONTROLLERS, ...namesIn(CONTROLLERS).map((name) => join(CONTROLLERS, name))];
  const own = linesOf("/proc/self/cgroup").map((line) => line.split(":")[2] ?? "/").filter((path) => path !== "/");
  return [...new Set(tops.flatMap((top) => [top, ...own.map((path) => join(top, path))]))];
}

function processIds(): number[] {
  return namesIn("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

function openFiles(pid: number): string[] {
  return namesIn(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [Deno.readLinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // It is closed by now.
    }
  });
}

function uidIn(status: string): number {
  return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

function linesOf(path: string): string[] {
  return textOf(path).split("\n").filter((line) => line !== "");
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // It is gone.
  }
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
  } catch {
    return []; // It is gone, or is no directory.
  }
}
