import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import type { Container } from "../container/container.ts";
import type { ContainerSet } from "../container/container_set.ts";
import type { CurrentBounds } from "../container/current_bounds.ts";
import { PAUSE_PROCESS } from "../container/environment_container.ts";
import { clearTemporaryFiles, killOrphanProcesses } from "../container/orphan_processes.ts";
import type { ContainerSample } from "../engine/container_sample.ts";
import { ContainerFiles, type Operate } from "../files/container_files.ts";
import type { Files } from "../files/pending_files.ts";
import type { DockerInstallation } from "./environment_options.ts";
import { packArchive } from "../program/file_archive.ts";

/** Everything that a session container is made with. */
export interface SessionContainerOptions {
  readonly installation: Pick<DockerInstallation, "log">;
  readonly containers: ContainerSet;
  readonly bounds: CurrentBounds;
  /** A warm or recovered container; absent, one is started at the first use. */
  readonly started?: Container | undefined;
  /** The files that a container gets at its start. */
  takeFiles(): Files;
  /** Whether a program runs or starts in it. */
  hasPrograms(): boolean;
  sample(containerId: string): Promise<ContainerSample | undefined>;
}

/**
 * The container of an environment in which many programs run. Programs and operations on files are started beside its
 * pause process. Between programs it is cleaned: orphan processes are killed.
 */
export class SessionContainer {
  readonly #options: SessionContainerOptions;
  readonly #operations = new Set<Promise<unknown>>();
  #container: Promise<Container> | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(options: SessionContainerOptions) {
    this.#options = options;
    this.#container = options.started && Promise.resolve(options.started);
  }

  /** Whether an operation on files is under way. */
  get isOperating(): boolean {
    return this.#operations.size > 0;
  }

  /** Settles at the end of the cleaning that runs now; it does not reject. */
  get cleaned(): Promise<void> {
    return this.#cleaning;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  async get(): Promise<Container> {
    if (this.#isClosed) throw new CodeBeakerError("runtime_unavailable", "The environment has been disposed of");
    return await (this.#container ??= this.#start());
  }

  /** Lends the container for an operation. Until the operation ends, its processes are not orphans. */
  lend<T>(operate: Operate<T>): Promise<T> {
    const held: Promise<void>[] = [];
    const operation = this.#cleaning.then(() => this.get())
      .then((container) => operate(container, (until) => held.push(until)));
    const whole = operation.then(() => Promise.all(held)).catch(() => {}).then(() => { // The caller gets the error.
      this.#operations.delete(whole);
    });
    this.#operations.add(whole);
    return operation;
  }

  /** Cleans the container when its last program has ended; a full disk is cleared too. */
  clean(options: { readonly isFull: boolean }): void {
    const container = this.#container;
    if (container === undefined || this.#options.hasPrograms() || this.#isClosed) return;
    const operations = [...this.#operations]; // Later ones wait for the end of the cleaning.
    this.#cleaning = this.#cleaning
      .then(() => Promise.race([Promise.allSettled(operations), this.#closed.promise]))
      .then(async () => this.#isClosed ? undefined : await this.killOrphans(await container, options))
      .catch((error: unknown) =>
        this.#options.installation.log.warning("environment.cleaning_failed", {
          environment: this.#options.containers.id,
          error: messageOf(error),
        })
      );
  }

  /**
   * Kills orphan processes, and resets the bounds. A compiler or a program may have changed the bounds. With `isFull`,
   * the files in `/tmp` are deleted too.
   */
  async killOrphans(container: Container, { isFull } = { isFull: false }): Promise<void> {
    const { bounds, sample } = this.#options;
    await killOrphanProcesses(container, { sample: () => sample(container.id) });
    if (isFull) await clearTemporaryFiles(container);
    await bounds.set(container.id, { compiling: false });
  }

  /** Ends the use of the container: nothing starts from now on. Settles when a start that is under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    await this.#container?.catch(() => {}); // The caller that asked for it has the error.
  }

  async #start(): Promise<Container> {
    const { containers, takeFiles } = this.#options;
    const files = takeFiles();
    const { container } = await containers.start(PAUSE_PROCESS, async () => {});
    if (files.size > 0) {
      await new ContainerFiles((operate) => operate(container, () => {})).unpack(await packArchive(files));
    }
    return container;
  }
}
