import type { LayerFinding } from "../core/diagnosis.ts";
import type { OwnUids } from "../host/own_uids.ts";
import type { SystemCalls } from "../host/system_calls.ts";
import type { Cgroups } from "./cgroups.ts";

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
  readonly filters?: { readonly withNetwork: string; readonly withoutNetwork: string } | undefined;
  readonly uids?: OwnUids | undefined;
  readonly cgroups?: Cgroups | undefined;
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
  hasTmpfs: false,
  promiseMemory: () => undefined,
};
