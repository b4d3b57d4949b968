import { join } from "@std/path";
import type { LimitName } from "../core/limits.ts";
import {
  BUBBLEWRAP_PROCESSES,
  bubblewrapCommand,
  bubblewrapOptions,
  type BubblewrapRequest,
  encodeOptions,
  OPTIONS_WORD,
} from "./launchers/bubblewrap.ts";
import { ChildProcesses } from "../process/child_processes.ts";
import { ConfinedDirectory } from "./confined_directory.ts";
import type { ConfinementRequest } from "./confinement_request.ts";
import { groupBounds } from "./kernel_bounds.ts";
import { detectLayers, type DetectOptions } from "./detect_layers.ts";
import { type Layers, NO_LAYERS, versionOf } from "./layers.ts";
import { OWN_DEVICES } from "./launchers/launcher_mounts.ts";
import { limitingLine, limitingShell, spareShell } from "./launchers/limiting_shell.ts";
import { limitsOf, privilegesOf } from "./launchers/limits_and_privileges.ts";
import { nameVariables } from "./launchers/naming_shell.ts";
import { OwnEtc } from "./own_etc.ts";
import { isReachedByAll, isReadByAll } from "./reach.ts";
import { type LauncherPlace, SpareLauncher } from "../process/spare_launcher.ts";
import type { SpawnRequest } from "../process/spawn.ts";
import { unwrapStatus } from "./launchers/wrapped_status.ts";

/** Descriptors that a process may have open. */
export const MAX_DESCRIPTORS = 256;

/** A confined program, as a child to start. */
export interface Confined extends SpawnRequest {
  readonly processes: ChildProcesses;
  /** Derives the program's end from the child's. */
  statusOf(status: Deno.CommandStatus): Deno.CommandStatus;
}

/**
 * The operating system's layers around a child, as far as this machine has them.
 *
 * They are launchers in front of the child's own command line that set something and then become the child, resource
 * limits, a control group, and a directory of bounded size with a user of its own. The strongest combination that works
 * here is used: bubblewrap unshares everything, else Landlock confines.
 */
export class Confinement implements Disposable {
  readonly #has: Layers;
  readonly #etc: OwnEtc;
  readonly #firstStart = Promise.withResolvers<void>();
  #spare: SpareLauncher | undefined;

  private constructor(layers: Layers) {
    this.#has = layers;
    this.#etc = new OwnEtc(layers.directory, layers.hasTmpfs ? layers.calls : undefined);
  }

  /** A confinement without any layer. */
  static none(): Confinement {
    return new Confinement(NO_LAYERS);
  }

  /** Tries the layers of this machine. Writes the files of launchers to `directory`, which other users may enter. */
  static async detect(directory: string, options: DetectOptions = {}): Promise<Confinement> {
    return new Confinement(await detectLayers(directory, options));
  }

  /** Fulfilled when the first program has been started. */
  get firstStart(): Promise<void> {
    return this.#firstStart.promise;
  }

  /** The finding about each layer, the strongest first. */
  get findings(): Layers["findings"] {
    return this.#has.findings;
  }

  /** The names of the active layers, the innermost first, for `isolation.layers`. */
  get layers(): string[] {
    return this.#has.findings.filter(({ active }) => active).map(({ name }) => name).toReversed();
  }

  /** Fingerprint of these layers: the launchers and their options. */
  get version(): string {
    return versionOf(this.#has);
  }

  /** The limits that these layers enforce, together with the watch on the processes. */
  get limits(): LimitName[] {
    const { hasTmpfs, seesOpenFiles } = this.#has;
    if (Deno.build.os !== "linux") return [];
    return ["cpuMs", "memoryMb", ...(hasTmpfs || seesOpenFiles ? ["diskMb"] as const : [])];
  }

  /** Whether a program, its imports included, sees only the files that it was granted. */
  get hidesFiles(): boolean {
    return this.#has.bubblewrap !== undefined || this.#has.hasLandlock;
  }

  /**
   * Whether the operating system confines programs in a sandbox. Programs then have few files, no new privilege, and
   * few calls.
   */
  get isSandbox(): boolean {
    return this.hidesFiles && this.#has.filters !== undefined && this.#has.setpriv !== undefined;
  }

  /** Whether every layer is active, so that the runtime itself has to check nothing. */
  get isComplete(): boolean {
    const { bubblewrap, cgroups, hasLimits, uids } = this.#has;
    return this.isSandbox && bubblewrap !== undefined && hasLimits && cgroups !== undefined && uids !== undefined;
  }

  /** Whether a program has a file system of its own, with paths of its own. */
  get canMount(): boolean {
    return this.#has.bubblewrap !== undefined;
  }

  /**
   * Whether programs are separated from every other process, so that they may start others. All that a program starts
   * ends with it.
   */
  get separatesProcesses(): boolean {
    return this.#has.bubblewrap !== undefined || this.#has.keepsTogether;
  }

  /** Whether a program with network can be kept to IPv4. Private networks are known only by IPv4 address. */
  get canKeepToIpv4(): boolean {
    return this.#has.filters !== undefined;
  }

  /**
   * Returns a path by which programs can start a binary of this machine. Where programs run as other users than the
   * service, the binary's own path may be closed to them.
   */
  reachable(binary: string): string {
    return this.#has.stageBinary?.(binary) ?? binary;
  }

  /**
   * Returns a path by which programs can read the files of a directory. The directory's own path may be
   * closed to them, as that of a binary for {@link reachable}.
   */
  reachableFiles(directory: string): string {
    return this.#has.stageFiles?.(directory) ?? directory;
  }

  /**
   * Whether programs cannot reach a path of this machine, whatever is granted. They run as other users than the
   * service, and permissions may keep these out.
   */
  isClosed(path: string): boolean {
    try {
      return this.#has.uids !== undefined && !(isReachedByAll(path) && isReadByAll(path));
    } catch {
      return false; // A path that does not exist is closed to no user.
    }
  }

  /**
   * Makes the directory of one execution environment.
   *
   * @throws the error of the system
   */
  makeDirectory(path: string, options: { readonly diskMb: number }): ConfinedDirectory {
    const { calls, hasTmpfs, promiseMemory, uids } = this.#has;
    return ConfinedDirectory.make(path, options, { uids, mounting: hasTmpfs ? calls : undefined, promiseMemory });
  }

  /**
   * Keeps a spare process for the next program's launchers, until the result is disposed of. The first program's end
   * starts it. Undefined without bubblewrap: there the launchers' own command lines differ between programs.
   */
  keepSpareLauncher(): AsyncDisposable | undefined {
    const { bubblewrap, calls, directory: cwd, mounts, setsid } = this.#has;
    if (bubblewrap === undefined || calls === undefined || setsid === undefined) return undefined;
    const startInPlace = mounts && (<Started>(start: () => Started) => mounts.startSpare(start));
    const [first, ...rest] = [...this.#ownNetwork, setsid, ...spareShell()];
    return this.#spare = new SpareLauncher({ argv: [first ?? setsid, ...rest], cwd, calls, startInPlace });
  }

  /**
   * Makes the command line of a program under every layer.
   *
   * @throws {Error} when a control group cannot be made
   */
  confine(request: ConfinementRequest): Confined {
    const { adopted, bubblewrap, calls, directory, mounts, setsid } = this.#has;
    const isWrapped = bubblewrap !== undefined;
    const cgroup = this.#has.cgroups?.make(groupBounds(request));
    const { ownProcesses = 0, startsOthers } = request;
    const wrappers = isWrapped ? BUBBLEWRAP_PROCESSES : 0;
    let place: LauncherPlace | undefined;
    const release = async () => await place?.release();
    const processes = new ChildProcesses({ wrappers, ownProcesses, startsOthers, cgroup, adopted, release });
    const named = !isWrapped && this.#has.keepsTogether && startsOthers ? nameVariables(request.variables) : undefined;
    const shown = this.#shownMounts(request);
    const groupFiles = (cgroup?.files ?? []).map((file) => shown && mounts ? mounts.groupPathOf(file) : file);
    const limits = limitsOf(this.#has, request, { groupFiles });
    const privileges = privilegesOf(this.#has, request);
    const launchers = [
      ...(setsid === undefined ? [] : [setsid]),
      ...limits === undefined ? [] : limitingShell(...limits),
      ...privileges,
      ...named?.launchers ?? [],
    ];
    const [first, ...rest] = [...launchers, ...(isWrapped ? bubblewrapCommand(bubblewrap) : []), ...request.argv];
    const devices = shown && OWN_DEVICES;
    const inputWith = (hasOwnNetwork: boolean) => this.#bubblewrapInput({ ...request, devices, hasOwnNetwork });
    return {
      argv: [first ?? request.argv[0], ...rest],
      // Launchers get the program's own variables only where requests cannot set names that launchers obey.
      env: isWrapped ? {} : named?.env ?? request.variables,
      cwd: isWrapped ? directory : request.cwd,
      inherited: calls && isWrapped
        ? { word: launchers.length + OPTIONS_WORD, open: () => calls.openInheritedFile(inputWith(false)) }
        : undefined,
      within: shown && mounts && ((start) => {
        const begun = mounts.start(shown, start);
        place = begun.place;
        return begun.started;
      }),
      leadsGroup: setsid !== undefined,
      processes,
      statusOf: isWrapped || ownProcesses > 0 ? unwrapStatus : (status) => status,
      onSpawned: (pid) => {
        this.#firstStart.resolve();
        processes.begin(pid);
        preferForOomKill(pid);
      },
      takeSpare: () => {
        if (bubblewrap === undefined || this.#spare === undefined) return undefined;
        const [bounds, options] = limits ?? [undefined, { filterPath: undefined, hidesDirectory: true }];
        const lineFor = (descriptor: number) =>
          limitingLine(bounds, {
            ...options,
            argv: [...privileges, ...bubblewrapCommand(bubblewrap, descriptor), ...request.argv],
          });
        const input = () => inputWith(this.#ownNetwork.length > 0);
        const spare = this.#spare.take({ input, lineFor, mounts: shown });
        place = spare?.place;
        return spare;
      },
      onEnded: () => this.#spare?.refill(),
      onFailed: () => void processes.end(),
    };
  }

  [Symbol.dispose](): void {
    this.#has.cgroups?.[Symbol.dispose]();
    this.#has.mounts?.[Symbol.dispose]();
    this.#has.uids?.[Symbol.dispose]();
    this.#has.calls?.[Symbol.dispose]();
  }

  /**
   * The launcher that gives a spare process an empty network namespace. The kernel takes longer for that than for all
   * other namespaces together. A program with network gets no spare process with it.
   */
  get #ownNetwork(): string[] {
    const { mounts, unshare } = this.#has;
    return mounts === undefined || unshare === undefined ? [] : [unshare, "--net"];
  }

  /**
   * The mounts of the service's directory that bubblewrap needs where it starts. Undefined where it needs others: with
   * network, files that this machine changes while the program runs.
   */
  #shownMounts(request: ConfinementRequest): string[] | undefined {
    const { mounts } = this.#has;
    const { directory, hasNetwork } = request;
    if (mounts === undefined || hasNetwork) return undefined;
    if (!mounts.covers(request.mounts.map(({ source }) => source), directory.path)) return undefined;
    return [directory.path, ...(hasOwnEtc(request) ? [this.#etc.directory] : [])];
  }

  /** bubblewrap's options in encoded form. */
  #bubblewrapInput(
    request: ConfinementRequest & Pick<BubblewrapRequest, "devices" | "hasOwnNetwork">,
  ): Uint8Array<ArrayBuffer> {
    const { filters, kernelFiles } = this.#has;
    const etc = hasOwnEtc(request) ? this.#etc.with(request.etcPaths ?? [], request.etcTexts) : undefined;
    return encodeOptions(
      bubblewrapOptions({ ...request, emptyFiles: kernelFiles, etc, hasFilter: filters !== undefined }),
    );
  }
}

/** Whether a program's `/etc` is generated. With network, the program needs files that this machine changes. */
function hasOwnEtc({ hasNetwork, startsOthers }: ConfinementRequest): boolean {
  return startsOthers && !hasNetwork;
}

/** Makes the kernel kill programs before the service when the machine lacks memory: proc_pid_oom_score_adj(5). */
function preferForOomKill(pid: number): void {
  if (Deno.build.os !== "linux") return;
  try {
    Deno.writeTextFileSync(join("/proc", String(pid), "oom_score_adj"), "500", { create: false });
  } catch {
    // The service may not write it here, or the process is gone.
  }
}
