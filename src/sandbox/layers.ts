import type { LayerFinding } from "../core/diagnosis.ts";
import type { OwnUids } from "../host/own_uids.ts";
import type { SystemCalls } from "../host/system_calls.ts";
import type { AdoptedProcesses } from "../process/adopted_processes.ts";
import type { Cgroups } from "./cgroups.ts";
import type { LauncherMounts } from "./launcher_mounts.ts";
import type { SeccompSettings } from "./seccomp.ts";

/** The name of a layer of the operating system. */
export type LayerName =
  | "namespaces"
  | "landlock"
  | "seccomp"
  | "no_new_privs"
  | "own_user"
  | "rlimits"
  | "cgroup"
  | "tmpfs";

/** The settings by which seccomp filters differ. */
export type FilterSettings = Required<Omit<SeccompSettings, "machine">>;

/** The layers that work on this machine; undefined where one does not. */
export interface Layers {
  /** The service's own directory, in which launchers start. */
  readonly directory: string;
  readonly findings: readonly LayerFinding[];
  readonly calls?: SystemCalls | undefined;
  readonly hasLimits: boolean;
  readonly setsid?: string | undefined;
  readonly setpriv?: string | undefined;
  readonly bubblewrap?: string | undefined;
  /** The mounts among which bubblewrap starts; undefined where it starts among all mounts of this machine. */
  readonly mounts?: LauncherMounts | undefined;
  /** Files of `/proc` that this kernel has and programs find empty. */
  readonly kernelFiles: readonly string[];
  readonly hasLandlock: boolean;
  /** Finds the path of a seccomp filter. */
  readonly filters?: ((settings: FilterSettings) => string) | undefined;
  readonly uids?: OwnUids | undefined;
  readonly cgroups?: Cgroups | undefined;
  /** The processes of programs that this service adopts when their parents end. */
  readonly adopted?: AdoptedProcesses | undefined;
  /**
   * Whether programs without namespaces may start others. The processes of such a program cannot leave its group, have
   * a user of its own, and come to this service when their parents end.
   */
  readonly keepsTogether: boolean;
  /** Whether the service sees programs' open files, also files without a name. */
  readonly seesOpenFiles: boolean;
  readonly hasTmpfs: boolean;
  promiseMemory(bytes: number): Disposable | undefined;
  /** Returns a path by which other users can start a binary. */
  stageBinary?(binary: string): string;
  /** Returns a path of a directory by which other users can read its files. */
  stageFiles?(directory: string): string;
}

/** No layer at all. */
export const NO_LAYERS: Layers = {
  directory: "/",
  findings: [],
  hasLimits: false,
  kernelFiles: [],
  hasLandlock: false,
  keepsTogether: false,
  seesOpenFiles: true,
  hasTmpfs: false,
  promiseMemory: () => undefined,
};
