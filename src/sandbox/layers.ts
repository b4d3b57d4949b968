import { fingerprintOf } from "../core/fingerprint.ts";
import type { LayerFinding } from "../core/diagnosis.ts";
import type { OwnUids } from "../host/own_uids.ts";
import type { SystemCalls } from "../host/system_calls.ts";
import type { AdoptedProcesses } from "../process/adopted_processes.ts";
import { bubblewrapCommand, bubblewrapOptions } from "./launchers/bubblewrap.ts";
import type { Cgroups } from "./cgroups.ts";
import { landlockOptions } from "./launchers/landlock.ts";
import { type LauncherMounts, OWN_DEVICES } from "./launchers/launcher_mounts.ts";
import { seccompFilter, type SeccompSettings } from "./seccomp/seccomp.ts";

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
  /** Starts a command in new namespaces: unshare(1). */
  readonly unshare?: string | undefined;
  /** The mounts among which bubblewrap starts. Undefined where it sees all mounts of this machine. */
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

/** Fingerprint of layers: the launchers and their options. */
export function versionOf({ bubblewrap, filters, findings, hasLandlock, kernelFiles, ...has }: Layers): string {
  const { mounts, setpriv, setsid, unshare } = has;
  const request = {
    cwd: "/",
    emptyFiles: kernelFiles,
    hasFilter: filters !== undefined,
    hasNetwork: false,
    mounts: [],
    startsOthers: false,
    variables: {},
  };
  const shell = { ...request, startsOthers: true };
  const launches = [request, shell, { ...shell, etc: "/etc" }];
  const among = mounts === undefined ? [] : [{ ...shell, devices: OWN_DEVICES, etc: "/etc", hasOwnNetwork: true }];
  return fingerprintOf([
    findings.map(({ active, name }) => [name, active]),
    [bubblewrap, setpriv, setsid, unshare].map((path) => path === undefined ? undefined : stampOf(path)),
    filters && [true, false].map((is) => seccompFilter({ hasNetwork: is, sharesNamespaces: is })),
    bubblewrap && [bubblewrapCommand(bubblewrap), ...[...launches, ...among].map(bubblewrapOptions)],
    hasLandlock && launches.map(landlockOptions),
  ]);
}

function stampOf(path: string): readonly unknown[] {
  const { mtime, size } = Deno.statSync(path);
  return [path, size, mtime?.getTime()];
}
