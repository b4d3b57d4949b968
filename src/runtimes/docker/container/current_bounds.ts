import { CodeBeakerError } from "../../../core/errors.ts";
import { type Limits, MEBIBYTE } from "../../../core/limits.ts";
import type { ContainerBounds, EngineContainers } from "../engine/engine_containers.ts";
import type { DockerEnvironmentOptions } from "../environment/environment_options.ts";
import { boundsFor } from "./environment_container.ts";

/** The use of a container by a compiler or by a program. A program's limits may be lower than the environment's. */
export interface ContainerUse {
  readonly compiling: boolean;
  readonly limits?: Limits;
}

/** The bounds of an environment's container now. They change with its use. */
export class CurrentBounds {
  readonly #containers: Pick<EngineContainers, "limit" | "sample">;
  readonly #options: DockerEnvironmentOptions;
  /** The bounds in force; undefined where they are not known. */
  #current: ContainerBounds | undefined;

  /** @param isRecovered whether an earlier process may have set other bounds than those of a new container */
  constructor(
    containers: Pick<EngineContainers, "limit" | "sample">,
    options: DockerEnvironmentOptions,
    { isRecovered }: { readonly isRecovered: boolean },
  ) {
    this.#containers = containers;
    this.#options = options;
    if (!isRecovered) this.#current = boundsFor(options, { compiling: options.config.singleUse === true });
  }

  /**
   * Sets the bounds for a use, unless they hold already.
   *
   * @throws {CodeBeakerError} `conflict` for less memory than the files of the workspace take: the kernel would kill
   *   every process
   */
  async set(containerId: string, use: ContainerUse): Promise<void> {
    const bounds = boundsFor(this.#options, use);
    const { memoryMb, tasks } = this.#current ?? {};
    if (!this.#options.hasCgroup || (memoryMb === bounds.memoryMb && tasks === bounds.tasks)) return;
    if (memoryMb === undefined || bounds.memoryMb < memoryMb) await this.#checkRoom(containerId, bounds.memoryMb);
    this.#current = undefined;
    await this.#containers.limit(containerId, bounds);
    this.#current = bounds;
  }

  async #checkRoom(containerId: string, memoryMb: number): Promise<void> {
    const usedMb = (await this.#containers.sample(containerId)).usedBytes / MEBIBYTE;
    if (usedMb < memoryMb) return;
    const message = `Cannot limit a program's memory to ${memoryMb} MB as the files of the workspace take ${
      Math.ceil(usedMb)
    } MB of it`;
    throw new CodeBeakerError("conflict", message);
  }
}
