import type { LayerFinding } from "../core/diagnosis.ts";
import type { OwnUids } from "../host/own_uids.ts";
import type { SystemCalls } from "../host/system_calls.ts";
import type { AdoptedProcesses } from "../process/adopted_processes.ts";
import type { Cgroups } from "./cgroups.ts";
import type { SeccompSettings } from "./seccomp.ts";

/** A layer of the operating system. */
export type LayerName =
  | "namespaces"
  | "landlock"
  | "seccomp"
  | "no_new_privs"
  | "own_user"
  | "rlimits"
  | "cgroup"
  | "tmpfs";

/** What a seccomp filter is for. */
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
  /** Files of `/proc` that this kernel has and programs find empty. */
  readonly kernelFiles: readonly string[];
  readonly hasLandlock: boolean;
  /** The path of each seccomp filter. */
  readonly filters?: ((settings: FilterSettings) => string) | undefined;
  readonly uids?: OwnUids | undefined;
  readonly cgroups?: Cgroups | undefined;
  /** Where processes of programs come to this service when their parents end. */
  readonly adopted?: AdoptedProcesses | undefined;
  /**
   * Whether programs without namespaces may start others: the processes of such a program cannot leave its group, are of
   * a user of its own, and come to this service when their parents end.
   */
  readonly keepsTogether: boolean;
  /** Whether the service sees which files programs have open, also those without a name. */
  readonly seesOpenFiles: boolean;
  readonly hasTmpfs: boolean;
  promiseMemory(bytes: number): Disposable | undefined;
  /** A path of a binary by which other users can start it. */
  stageBinary?(binary: string): string;
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
