import { basename, join } from "@std/path";
import { fingerprintOf } from "../core/fingerprint.ts";
import { type LimitName, type Limits, MEBIBYTE, tasksFor } from "../core/limits.ts";
import {
  BUBBLEWRAP_PROCESSES,
  bubblewrapCommand,
  bubblewrapOptions,
  encodeOptions,
  killOrphanBubblewraps,
  OPTIONS_WORD,
} from "./bubblewrap.ts";
import { type Cgroup, Cgroups } from "./cgroup.ts";
import { ChildProcesses } from "../process/child_processes.ts";
import { ConfinedDirectory } from "./confined_directory.ts";
import { landlockOptions } from "./landlock.ts";
import { detectLayers, type DetectOptions, type Layers, NO_LAYERS, SETPRIV_OPTIONS, userOptions } from "./layers.ts";
import { limitingShell, type ResourceLimits } from "./limiting_shell.ts";
import type { Mount } from "./mount.ts";
import { isReachedByAll, isReadByAll } from "./reach.ts";
import { seccompFilter } from "./seccomp.ts";
import type { Inheritance, SpawnRequest } from "../process/spawn.ts";
import { readMounts } from "../host/mounts.ts";
import { SystemCalls } from "../host/system_calls.ts";
import { statusBehind } from "./wrapped_status.ts";

/**
 * Descriptors that a process may have open, and the kernel's bound, which a program meets only before anybody has
 * looked.
 */
export const MAX_DESCRIPTORS = 256;
const DESCRIPTORS_BOUND = 4_096;
/** How much more a file may take than all of them together: what is passed can be told from what is reached. */
const FILE_MARGIN_BYTES = MEBIBYTE;
/**
 * The kernel counts this time in ticks, which on a busy machine that is itself a guest are more than a program gets.
 */
const CPU_MARGIN = 1.5;
/** The control group refuses first, since it counts that. */
const TASKS_MARGIN = 16;
/** What the kernel lets a program use beyond its limit, which the watch on it ends earlier and tells better. */
const MEMORY_MARGIN_MB = 16;

/** A program and what bounds it. */
export interface ConfinementRequest {
  /** Its command line, as the program sees the file system. */
  readonly argv: readonly [string, ...string[]];
  /** Where it starts, as it sees it. */
  readonly cwd: string;
  /** All that it has. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** The directory of its environment. */
  readonly directory: ConfinedDirectory;
  readonly limits: Limits;
  /** Address space that the binary reserves as data before it has done anything, in bytes. */
  readonly reservedDataBytes: number;
  /** Whether it has network, over IPv4. */
  readonly hasNetwork: boolean;
  /** Whether it may start other programs. */
  readonly startsOthers: boolean;
  /** How many processes of the command line are the service's own; absent, none. */
  readonly ownProcesses?: number | undefined;
}

/** A program as a child that is confined. */
export interface Confined extends SpawnRequest {
  readonly processes: ChildProcesses;
  /** How the program ended, by how the child did. */
  statusOf(status: Deno.CommandStatus): Deno.CommandStatus;
}

/**
 * The layers of the operating system around a child, as far as this machine has them: launchers in front of the child's
 * own command line that set something and then become the child, resource limits, a control group, a directory of its
 * own user and of bounded size. The strongest combination that works here is used: everything unshared by bubblewrap,
 * else Landlock.
 */
export class Confinement implements Disposable {
  readonly #has: Layers;

  private constructor(layers: Layers) {
    this.#has = layers;
  }

  /** No layer at all. */
  static none(): Confinement {
    return new Confinement(NO_LAYERS);
  }

  /** Tries what this machine has, and leaves what the launchers need to read in `directory`, which others may enter. */
  static async detect(directory: string, options: DetectOptions = {}): Promise<Confinement> {
    return new Confinement(await detectLayers(directory, options));
  }

  /** What was found of each layer, the strongest first. */
  get findings(): Layers["findings"] {
    return this.#has.findings;
  }

  /** What is on, the innermost first, in words for `isolation.layers`. */
  get layers(): string[] {
    return this.#has.findings.filter(({ active }) => active).map(({ name }) => name).toReversed();
  }

  /** Tells these layers from others: the launchers, and what they are told. */
  get version(): string {
    const { bubblewrap, filters, hasLandlock, kernelFiles, setpriv, setsid } = this.#has;
    const request = {
      cwd: "/",
      emptyFiles: kernelFiles,
      hasFilter: filters !== undefined,
      hasNetwork: false,
      mounts: [],
      startsOthers: false,
      variables: {},
    };
    return fingerprintOf([
      this.layers,
      [bubblewrap, setpriv, setsid].map((path) => path === undefined ? undefined : stampOf(path)),
      [true, false].map((hasNetwork) => filters && seccompFilter({ hasNetwork })),
      bubblewrap && [...bubblewrapCommand(bubblewrap), ...bubblewrapOptions(request)],
      hasLandlock && landlockOptions(request),
    ]);
  }

  /** The limits that these layers, together with the watch on the processes, enforce. */
  get limits(): LimitName[] {
    return Deno.build.os === "linux" ? ["cpuMs", "memoryMb", "diskMb"] : [];
  }

  /** Whether a program sees no file that is not named to it, so that not even its imports can. */
  get hidesFiles(): boolean {
    return this.#has.bubblewrap !== undefined || this.#has.hasLandlock;
  }

  /** Whether programs are inside a sandbox of the operating system: few files, no new privilege, and few calls. */
  get isSandbox(): boolean {
    return this.hidesFiles && this.#has.filters !== undefined && this.#has.setpriv !== undefined;
  }

  /** Whether a program has a file system of its own, in which it sees things at other places. */
  get canMount(): boolean {
    return this.#has.bubblewrap !== undefined;
  }

  /** Whether programs are kept apart from every other process, so that one may start others. */
  get separatesProcesses(): boolean {
    return this.#has.bubblewrap !== undefined;
  }

  /** Whether a program with network can be kept to IPv4, where private networks can be told by address. */
  get canKeepToIpv4(): boolean {
    return this.#has.filters !== undefined;
  }

  /**
   * A path by which programs can start a binary of this machine: where they are others' than the service's, it may be
   * no way for them.
   */
  reachable(binary: string): string {
    return this.#has.stage?.(binary) ?? binary;
  }

  /**
   * Whether programs cannot get to a path of this machine, whatever they are granted: they are others' than the
   * service's.
   */
  isClosed(path: string): boolean {
    try {
      return this.#has.uids !== undefined && !(isReachedByAll(path) && isReadByAll(path));
    } catch {
      return false; // What is not there is not kept from anybody.
    }
  }

  /** The directory of one execution environment. @throws what the system throws */
  makeDirectory(path: string, options: { readonly diskMb: number }): ConfinedDirectory {
    const { calls, hasTmpfs, promiseMemory, uids } = this.#has;
    return ConfinedDirectory.make(path, options, { uids, mounting: hasTmpfs ? calls : undefined, promiseMemory });
  }

  /** A command line under every layer. @throws {Error} when a control group cannot be made */
  confine(request: ConfinementRequest): Confined {
    const { bubblewrap, directory, setsid } = this.#has;
    const isWrapped = bubblewrap !== undefined;
    const cgroup = this.#cgroupFor(request);
    const { ownProcesses = 0, startsOthers } = request;
    const wrappers = isWrapped ? BUBBLEWRAP_PROCESSES : 0;
    const processes = new ChildProcesses({ wrappers, ownProcesses, startsOthers, cgroup });
    const launchers = [
      ...(setsid === undefined ? [] : [setsid]),
      ...this.#limits(request, cgroup),
      ...this.#privileges(request),
    ];
    const [first, ...rest] = [...launchers, ...(isWrapped ? bubblewrapCommand(bubblewrap) : []), ...request.argv];
    return {
      argv: [first ?? request.argv[0], ...rest],
      // Without bubblewrap the launchers have the program's variables: those that they would obey are refused at the door.
      env: isWrapped ? {} : request.variables,
      cwd: isWrapped ? directory : request.cwd,
      inherited: this.#inheritance(request, launchers.length + OPTIONS_WORD),
      leadsGroup: setsid !== undefined,
      processes,
      statusOf: isWrapped ? statusBehind : (status) => status,
      onSpawned: (pid) => {
        processes.begin(pid);
        offerToKiller(pid);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#has.cgroups?.[Symbol.dispose]();
    this.#has.uids?.[Symbol.dispose]();
    this.#has.calls?.[Symbol.dispose]();
  }

  #limits(request: ConfinementRequest, cgroup: Cgroup | undefined): string[] {
    const { bubblewrap, hasLimits } = this.#has;
    const filterPath = bubblewrap === undefined ? undefined : this.#filterFor(request);
    const groupFiles = cgroup?.files ?? [];
    if (!hasLimits && filterPath === undefined && groupFiles.length === 0) return [];
    return limitingShell(hasLimits ? this.#resourceLimits(request) : undefined, {
      filterPath,
      groupFiles,
      hidesDirectory: bubblewrap !== undefined,
    });
  }

  #filterFor({ hasNetwork }: ConfinementRequest): string | undefined {
    return hasNetwork ? this.#has.filters?.withNetwork : this.#has.filters?.withoutNetwork;
  }

  /** Another user, no new privilege, and where bubblewrap is not there, few files and few calls. */
  #privileges(request: ConfinementRequest): string[] {
    const { directory, hasNetwork, mounts } = request;
    const { bubblewrap, hasLandlock, setpriv } = this.#has;
    if (setpriv === undefined) return [];
    const filterPath = this.#filterFor(request);
    const isInnermost = bubblewrap === undefined;
    return [
      setpriv,
      ...SETPRIV_OPTIONS,
      ...userOptions(directory.uid),
      ...(isInnermost && hasLandlock ? landlockOptions({ mounts, hasNetwork }) : []),
      ...(isInnermost && filterPath !== undefined ? ["--seccomp-filter", filterPath] : []),
    ];
  }

  /** bubblewrap's options; undefined without bubblewrap. */
  #inheritance(request: ConfinementRequest, word: number): Inheritance | undefined {
    const { bubblewrap, calls, filters, kernelFiles } = this.#has;
    if (bubblewrap === undefined || calls === undefined) return undefined;
    const bytes = encodeOptions(
      bubblewrapOptions({ ...request, emptyFiles: kernelFiles, hasFilter: filters !== undefined }),
    );
    return { word, open: () => calls.openInheritedFile(bytes) };
  }

  /** What lies in the directory may be memory too, and counts for whoever wrote it. */
  #cgroupFor({ directory, limits, startsOthers }: ConfinementRequest): Cgroup | undefined {
    const diskBytes = directory.isBounded ? directory.bounds.bytes : 0;
    return this.#has.cgroups?.make({
      memoryBytes: (limits.memoryMb + MEMORY_MARGIN_MB) * MEBIBYTE + diskBytes,
      tasks: tasksOf({ limits, startsOthers }),
    });
  }

  /**
   * The kernel's bounds stand a little behind the watch on the processes, which tells more and cuts finer: CPU time is
   * in whole seconds here, and data counts what is reserved and not what is used.
   */
  #resourceLimits({ directory, limits, reservedDataBytes, startsOthers }: ConfinementRequest): ResourceLimits {
    return {
      cpuSeconds: Math.ceil(limits.cpuMs * CPU_MARGIN / 1000) + 1,
      dataBytes: reservedDataBytes + 2 * limits.memoryMb * MEBIBYTE,
      // A file system of bounded size takes files of every size, as far as they are holes.
      fileBytes: directory.isBounded ? undefined : directory.bounds.bytes + FILE_MARGIN_BYTES,
      descriptors: DESCRIPTORS_BOUND,
      // A group bounds them better: the kernel counts these per user, with those that have ended and that nobody reaped.
      ...(directory.uid === undefined || this.#has.cgroups !== undefined
        ? {}
        : { tasks: tasksOf({ limits, startsOthers }) + TASKS_MARGIN }),
    };
  }
}

/** Processes and threads that a program may have, with those that stand around it. */
function tasksOf({ limits, startsOthers }: Pick<ConfinementRequest, "limits" | "startsOthers">): number {
  return tasksFor(startsOthers ? limits.maxProcesses : 1) + BUBBLEWRAP_PROCESSES;
}

/**
 * What a lost service left that no removal of files takes away: processes, mounts below its directory, and control groups.
 * Whether it is gone.
 */
export async function releaseLeftovers(directory: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return true;
  const path = realPathOf(directory);
  killOrphanBubblewraps(path);
  using calls = SystemCalls.open();
  for (const { point } of readMounts().toReversed()) {
    if (point.startsWith(`${path}/`)) calls?.unmount(point);
  }
  return await Cgroups.removeLeftovers(basename(directory));
}

/** The path by which the kernel names a directory; its own where it is not there. */
function realPathOf(directory: string): string {
  try {
    return Deno.realPathSync(directory);
  } catch {
    return directory;
  }
}

function stampOf(path: string): readonly unknown[] {
  const { mtime, size } = Deno.statSync(path);
  return [path, size, mtime?.getTime()];
}

/** Where this machine itself runs out of memory, programs go before the service: proc_pid_oom_score_adj(5). */
function offerToKiller(pid: number): void {
  if (Deno.build.os !== "linux") return;
  try {
    Deno.writeTextFileSync(join("/proc", String(pid), "oom_score_adj"), "500", { create: false });
  } catch {
    // It may not be told so here, or is gone.
  }
}
