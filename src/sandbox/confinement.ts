import { join } from "@std/path";
import { fingerprintOf } from "../core/fingerprint.ts";
import type { LimitName } from "../core/limits.ts";
import {
  BUBBLEWRAP_PROCESSES,
  bubblewrapCommand,
  bubblewrapOptions,
  encodeOptions,
  OPTIONS_WORD,
} from "./bubblewrap.ts";
import type { Cgroup } from "./cgroup.ts";
import { ChildProcesses } from "../process/child_processes.ts";
import { ConfinedDirectory } from "./confined_directory.ts";
import { type BoundedProgram, groupBounds, resourceLimits } from "./kernel_bounds.ts";
import { landlockOptions } from "./landlock.ts";
import { detectLayers, type DetectOptions, SETPRIV_OPTIONS, userOptions } from "./detect_layers.ts";
import { type Layers, NO_LAYERS } from "./layers.ts";
import { limitingLine, limitingShell, waitingShell } from "./limiting_shell.ts";
import type { Mount } from "./mount.ts";
import { nameVariables } from "./naming_shell.ts";
import { OwnEtc } from "./own_etc.ts";
import { isReachedByAll, isReadByAll } from "./reach.ts";
import { seccompFilter } from "./seccomp.ts";
import { SpareLauncher } from "../process/spare_launcher.ts";
import type { SpawnRequest } from "../process/spawn.ts";
import { unwrapStatus } from "./wrapped_status.ts";

/** Descriptors that a process may have open. */
export const MAX_DESCRIPTORS = 256;

/** A program of any runtime, and what it sees and may do. */
export interface ConfinementRequest extends BoundedProgram {
  /** Its command line, as the program sees the file system. */
  readonly argv: readonly [string, ...string[]];
  /** Its working directory, as the program sees it. */
  readonly cwd: string;
  /** All its variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Whether it has network, over IPv4. */
  readonly hasNetwork: boolean;
  /** Paths below `/etc` that a program which starts others needs copies of; absent, none. */
  readonly etcPaths?: readonly string[];
  /** Texts that it finds below `/etc`, by their paths; absent, none. */
  readonly etcTexts?: Readonly<Record<string, string>>;
  /** How many processes of the command line are the service's own; absent, none. */
  readonly ownProcesses?: number | undefined;
}

/** A confined program, as a child to start. */
export interface Confined extends SpawnRequest {
  readonly processes: ChildProcesses;
  /** The program's end, by the child's. */
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
  readonly #etc: OwnEtc;
  #spare: SpareLauncher | undefined;

  private constructor(layers: Layers) {
    this.#has = layers;
    this.#etc = new OwnEtc(layers.directory);
  }

  /** No layer at all. */
  static none(): Confinement {
    return new Confinement(NO_LAYERS);
  }

  /** Tries the layers of this machine; writes the files of launchers to `directory`, which other users may enter. */
  static async detect(directory: string, options: DetectOptions = {}): Promise<Confinement> {
    return new Confinement(await detectLayers(directory, options));
  }

  /** The finding about each layer, the strongest first. */
  get findings(): Layers["findings"] {
    return this.#has.findings;
  }

  /** What is on, the innermost first, in words for `isolation.layers`. */
  get layers(): string[] {
    return this.#has.findings.filter(({ active }) => active).map(({ name }) => name).toReversed();
  }

  /** Fingerprint of these layers: the launchers and their options. */
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
    const launches = [request, { ...request, startsOthers: true }, { ...request, startsOthers: true, etc: "/etc" }];
    return fingerprintOf([
      this.layers,
      [bubblewrap, setpriv, setsid].map((path) => path === undefined ? undefined : stampOf(path)),
      filters && [true, false].map((is) => seccompFilter({ hasNetwork: is, sharesNamespaces: is })),
      bubblewrap && [bubblewrapCommand(bubblewrap), ...launches.map(bubblewrapOptions)],
      hasLandlock && launches.map(landlockOptions),
    ]);
  }

  /** The limits that these layers, together with the watch on the processes, enforce. */
  get limits(): LimitName[] {
    const { hasTmpfs, seesOpenFiles } = this.#has;
    if (Deno.build.os !== "linux") return [];
    return ["cpuMs", "memoryMb", ...(hasTmpfs || seesOpenFiles ? ["diskMb"] as const : [])];
  }

  /** Whether a program, its imports included, sees only the files that are named for it. */
  get hidesFiles(): boolean {
    return this.#has.bubblewrap !== undefined || this.#has.hasLandlock;
  }

  /** Whether programs are inside a sandbox of the operating system: few files, no new privilege, and few calls. */
  get isSandbox(): boolean {
    return this.hidesFiles && this.#has.filters !== undefined && this.#has.setpriv !== undefined;
  }

  /** Whether every layer is on that bounds what a program may do and see, so that nothing else has to check it. */
  get isComplete(): boolean {
    const { bubblewrap, cgroups, hasLimits, uids } = this.#has;
    return this.isSandbox && bubblewrap !== undefined && hasLimits && cgroups !== undefined && uids !== undefined;
  }

  /** Whether a program has a file system of its own, with paths of its own. */
  get canMount(): boolean {
    return this.#has.bubblewrap !== undefined;
  }

  /** Whether programs are kept apart from every other process, and end with all that they start: one may start others. */
  get separatesProcesses(): boolean {
    return this.#has.bubblewrap !== undefined || this.#has.keepsTogether;
  }

  /** Whether a program with network can be kept to IPv4, whose private networks are known by address. */
  get canKeepToIpv4(): boolean {
    return this.#has.filters !== undefined;
  }

  /**
   * A path by which programs can start a binary of this machine. Where they run as other users than the service, the
   * binary's own path may be closed to them.
   */
  reachable(binary: string): string {
    return this.#has.stageBinary?.(binary) ?? binary;
  }

  /**
   * Whether programs cannot reach a path of this machine, whatever is granted, since they run as other users than the
   * service.
   */
  isClosed(path: string): boolean {
    try {
      return this.#has.uids !== undefined && !(isReachedByAll(path) && isReadByAll(path));
    } catch {
      return false; // A path that does not exist is closed to none.
    }
  }

  /** The directory of one execution environment. @throws what the system throws */
  makeDirectory(path: string, options: { readonly diskMb: number }): ConfinedDirectory {
    const { calls, hasTmpfs, promiseMemory, uids } = this.#has;
    return ConfinedDirectory.make(path, options, { uids, mounting: hasTmpfs ? calls : undefined, promiseMemory });
  }

  /**
   * From the first program on, has a process wait that becomes the next one's launchers, until the result is disposed of.
   * Undefined where launchers get what differs between programs, as they do without bubblewrap.
   */
  keepSpareLauncher(): AsyncDisposable | undefined {
    const { bubblewrap, calls, directory: cwd, setsid } = this.#has;
    if (bubblewrap === undefined || calls === undefined || setsid === undefined) return undefined;
    return this.#spare = new SpareLauncher({ argv: [setsid, ...waitingShell()], cwd, calls });
  }

  /** A command line under every layer. @throws {Error} when a control group cannot be made */
  confine(request: ConfinementRequest): Confined {
    const { adopted, bubblewrap, calls, directory, setsid } = this.#has;
    const isWrapped = bubblewrap !== undefined;
    const cgroup = this.#has.cgroups?.make(groupBounds(request));
    const { ownProcesses = 0, startsOthers } = request;
    const wrappers = isWrapped ? BUBBLEWRAP_PROCESSES : 0;
    const processes = new ChildProcesses({ wrappers, ownProcesses, startsOthers, cgroup, adopted });
    const named = !isWrapped && this.#has.keepsTogether && startsOthers ? nameVariables(request.variables) : undefined;
    const limits = this.#limits(request, cgroup);
    const privileges = this.#privileges(request);
    const launchers = [
      ...(setsid === undefined ? [] : [setsid]),
      ...limits === undefined ? [] : limitingShell(...limits),
      ...privileges,
      ...named?.launchers ?? [],
    ];
    const [first, ...rest] = [...launchers, ...(isWrapped ? bubblewrapCommand(bubblewrap) : []), ...request.argv];
    const input = this.#bubblewrapInput(request);
    return {
      argv: [first ?? request.argv[0], ...rest],
      // A launcher gets the program's own variables only where requests cannot set the names that it obeys.
      env: isWrapped ? {} : named?.env ?? request.variables,
      cwd: isWrapped ? directory : request.cwd,
      inherited: calls && input &&
        { word: launchers.length + OPTIONS_WORD, open: () => calls.openInheritedFile(input) },
      leadsGroup: setsid !== undefined,
      processes,
      statusOf: isWrapped || ownProcesses > 0 ? unwrapStatus : (status) => status,
      onSpawned: (pid) => {
        processes.begin(pid);
        offerToKiller(pid);
      },
      takeSpare: () => {
        if (bubblewrap === undefined || input === undefined) return undefined;
        const [bounds, options] = limits ?? [undefined, { filterPath: undefined, hidesDirectory: true }];
        const lineFor = (descriptor: number) =>
          limitingLine(bounds, {
            ...options,
            argv: [...privileges, ...bubblewrapCommand(bubblewrap, descriptor), ...request.argv],
          });
        return this.#spare?.take({ input, lineFor });
      },
      onEnded: () => this.#spare?.refill(),
    };
  }

  [Symbol.dispose](): void {
    this.#has.cgroups?.[Symbol.dispose]();
    this.#has.uids?.[Symbol.dispose]();
    this.#has.calls?.[Symbol.dispose]();
  }

  #limits(request: ConfinementRequest, cgroup: Cgroup | undefined): Parameters<typeof limitingShell> | undefined {
    const { bubblewrap, hasLimits } = this.#has;
    const filterPath = bubblewrap === undefined ? undefined : this.#filterFor(request);
    const groupFiles = cgroup?.files ?? [];
    if (!hasLimits && filterPath === undefined && groupFiles.length === 0) return undefined;
    return [hasLimits ? resourceLimits(request, { hasCgroup: cgroup !== undefined }) : undefined, {
      filterPath,
      groupFiles,
      hidesDirectory: bubblewrap !== undefined,
    }];
  }

  #filterFor({ hasNetwork, startsOthers }: ConfinementRequest): string | undefined {
    return this.#has.filters?.({ hasNetwork, sharesNamespaces: startsOthers && this.#has.bubblewrap === undefined });
  }

  /** Another user, no new privilege, and where bubblewrap is not there, few files and few calls. */
  #privileges(request: ConfinementRequest): string[] {
    const { directory } = request;
    const { bubblewrap, hasLandlock, setpriv } = this.#has;
    if (setpriv === undefined) return [];
    const filterPath = this.#filterFor(request);
    const isInnermost = bubblewrap === undefined;
    return [
      setpriv,
      ...SETPRIV_OPTIONS,
      ...userOptions(directory.uid),
      ...(isInnermost && hasLandlock ? landlockOptions(request) : []),
      ...(isInnermost && filterPath !== undefined ? ["--seccomp-filter", filterPath] : []),
    ];
  }

  /** bubblewrap's options, as it reads them; undefined without bubblewrap. */
  #bubblewrapInput(request: ConfinementRequest): Uint8Array<ArrayBuffer> | undefined {
    const { bubblewrap, filters, kernelFiles } = this.#has;
    if (bubblewrap === undefined) return undefined;
    // With network it needs files that this machine changes while it runs.
    const hasOwnEtc = request.startsOthers && !request.hasNetwork;
    const etc = hasOwnEtc ? this.#etc.with(request.etcPaths ?? [], request.etcTexts) : undefined;
    return encodeOptions(
      bubblewrapOptions({ ...request, emptyFiles: kernelFiles, etc, hasFilter: filters !== undefined }),
    );
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
    // The service may not write it here, or the process is gone.
  }
}
