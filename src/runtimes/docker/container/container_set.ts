import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import type { ContainerRequest } from "../engine/engine_containers.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";
import { IMAGE_CHECK, whyUnusable } from "../images/image_check.ts";
import { RUNTIME_NAME } from "../settings.ts";
import { Container } from "./container.ts";
import { findGroup, type MainProcess, requestFor } from "./environment_container.ts";
import { PROGRAM_USER } from "./users.ts";

/** The containers of one environment. Disposing removes them. */
export class ContainerSet implements AsyncDisposable {
  /** The environment's own id. */
  readonly id: string;
  readonly #installation: DockerInstallation;
  readonly #options: DockerEnvironmentOptions;
  readonly #ids = new Set<string>();
  #isDisposed = false;

  constructor(installation: DockerInstallation, options: DockerEnvironmentOptions, id: string) {
    this.id = id;
    this.#installation = installation;
    this.#options = options;
    installation.living.add(id);
  }

  /** Takes over a container of a lost service. */
  adopt(containerId: string): Container {
    this.#ids.add(containerId);
    return this.#containerOf(containerId);
  }

  /** Creates a container, attaches to it, and starts it. @throws {CodeBeakerError} `runtime_unavailable` */
  async start<Attached extends Disposable | void>(
    main: MainProcess,
    attach: (containerId: string) => Promise<Attached>,
  ): Promise<{ readonly container: Container; readonly attached: Attached }> {
    const { client } = this.#installation;
    const id = await this.begin(() => client.containers.create(this.#request(main)));
    this.#ids.add(id);
    const attached = await attach(id);
    await this.begin(() => client.containers.start(id)).catch((error: unknown) => {
      attached?.[Symbol.dispose]();
      throw error;
    });
    return { container: this.#containerOf(id), attached };
  }

  /** Runs a step of a start. When the step fails, checks whether the image is the cause. */
  async begin<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const isCallers = error instanceof CodeBeakerError && error.code !== "runtime_unavailable";
      if (isCallers || isEngineLost(error) || this.#isDisposed) throw error;
      const { client } = this.#installation;
      const why = await whyUnusable(client, this.#request({ argv: IMAGE_CHECK, user: PROGRAM_USER, env: {} }));
      if (why !== undefined) this.#options.onUnusable(why);
      throw error;
    }
  }

  /** Leaves the containers to a later recovery. */
  abandon(): void {
    this.#installation.living.delete(this.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const { client, instance, living, log } = this.#installation;
    try {
      for (const containerId of this.#ids) {
        await client.containers.remove(containerId);
        this.#ids.delete(containerId);
      }
    } catch (error) { // The reaper removes the rest as soon as the Engine answers.
      instance.leaveTrace();
      log.warning("environment.removal_failed", {
        runtime: RUNTIME_NAME,
        environment: this.id,
        error: messageOf(error),
      });
    } finally {
      living.delete(this.id);
    }
  }

  #containerOf(containerId: string): Container {
    return new Container(this.#installation.client, containerId, { group: findGroup(containerId, this.#options) });
  }

  #request(main: MainProcess): ContainerRequest {
    return requestFor(this.#installation, this.#options, { id: this.id, main });
  }
}
