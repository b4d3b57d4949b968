import { CodeBeakerError } from "../../../core/errors.ts";
import { type Limits, MEBIBYTE } from "../../../core/limits.ts";
import { boundsFor, type DockerEnvironmentOptions, type DockerInstallation } from "./environment_container.ts";
import type { ContainerBounds } from "../engine/engine_containers.ts";

/** For whom bounds are set: the programs of an environment, one that named lower limits, or a compiler. */
export interface Phase {
  readonly compiling: boolean;
  readonly limits?: Limits;
}

/** What the container of one environment may use, which changes with what runs in it. */
export class ContainerBoundary {
  readonly #client: DockerInstallation["client"];
  readonly #options: DockerEnvironmentOptions;
  /** Those that hold now; undefined when they are not known. */
  #current: ContainerBounds | undefined;

  /** @param isMade whether the container is made for this environment, and not found from an earlier process */
  constructor(
    { client }: Pick<DockerInstallation, "client">,
    options: DockerEnvironmentOptions,
    { isMade }: { readonly isMade: boolean },
  ) {
    this.#client = client;
    this.#options = options;
    if (isMade) this.#current = boundsFor(options, { compiling: options.config.singleUse === true });
  }

  /**
   * Sets the bounds, unless they are those that hold.
   *
   * @throws {CodeBeakerError} `conflict` for less memory than what lies in the workspace takes: the kernel would end everything
   */
  async set(containerId: string, phase: Phase): Promise<void> {
    const bounds = boundsFor(this.#options, phase);
    const { memoryMb, tasks } = this.#current ?? {};
    if (!this.#options.hasCgroup || (memoryMb === bounds.memoryMb && tasks === bounds.tasks)) return;
    if (memoryMb === undefined || bounds.memoryMb < memoryMb) await this.#refuseFull(containerId, bounds.memoryMb);
    this.#current = undefined;
    await this.#client.containers.limit(containerId, bounds);
    this.#current = bounds;
  }

  async #refuseFull(containerId: string, memoryMb: number): Promise<void> {
    const usedMb = (await this.#client.containers.sample(containerId)).usedBytes / MEBIBYTE;
    if (usedMb < memoryMb) return;
    throw new CodeBeakerError(
      "conflict",
      `Cannot bound a program's memory to ${memoryMb} MB as what lies in the workspace counts too: it takes ${
        Math.ceil(usedMb)
      } MB`,
    );
  }
}
