import type { RunOptions } from "../../port.ts";
import type { ContainerGroup } from "../container/container_group.ts";
import type { DenialWatch } from "./denial_watch.ts";
import type { ContainerSample } from "../engine/container_sample.ts";
import type { EngineExit } from "../engine/engine_containers.ts";

/** The sources of a program's usage. */
export interface UsageSources {
  /** The container's control group; undefined where this machine's kernel has none for it. */
  readonly group: ContainerGroup | undefined;
  /** The number of the service's processes in the container; undefined while other programs run there. */
  ownProcesses(): number | undefined;
  /** Samples the container by the Engine, which takes some ms. Undefined where nothing counts the container's usage. */
  sample(): Promise<ContainerSample | undefined>;
}

/** The service's control over a program and its launcher. */
export interface ProgramControl extends UsageSources {
  /** Signals the launcher's process group. Resolves to true if every process of the group is known to have ended. */
  signal(signal: string, launcherPid: number | undefined): Promise<boolean>;
  /** Settles when the launcher has ended; rejects when the Engine is lost. Aborting may end the wait. */
  ended(signal: AbortSignal): Promise<EngineExit>;
  /** Called between the compiler and the program. */
  onCompiled(): Promise<void>;
  /** Rejects when the Engine does not answer. */
  ping(): Promise<void>;
}

/** What bounds a program and its compiler. */
export type CompilingOptions = Pick<RunOptions, "limits" | "compileMs">;

/** The parts of a program that do not depend on how its launcher was started. */
export interface ProgramParts extends CompilingOptions {
  readonly compiles: boolean;
  /** Collects the denials of the program. Undefined for an installer, which the permissions do not bind. */
  readonly denials: DenialWatch | undefined;
  readonly control: Omit<ProgramControl, "signal" | "ended">;
}
