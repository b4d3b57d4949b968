import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import { Container } from "./container.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import { findGroup, type MainProcess, requestFor } from "./environment_container.ts";
import { IMAGE_CHECK, whyUnusable } from "../images/image_check.ts";
import type { ContainerRequest } from "../engine/engine_containers.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";
import { PROGRAM_USER } from "./users.ts";

/** The containers that are made for one id. Disposing removes them. */
export class ContainerSet implements AsyncDisposable {
  readonly id: string;
  readonly #installation: DockerInstallation;
  readonly #options: DockerEnvironmentOptions;
  readonly #ids = new Set<string>();
  #isDisposed = false;

  /** @param id as which they are this service's own, until they are disposed of */
  constructor(installation: DockerInstallation, options: DockerEnvironmentOptions, id: string) {
    this.id = id;
    this.#installation = installation;
    this.#options = options;
    installation.living.add(id);
  }

  /** One that was made earlier. */
  adopt(containerId: string): Container {
    this.#ids.add(containerId);
    return this.#at(containerId);
  }

  /** Makes one and starts it; `attach` is done in between. @throws {CodeBeakerError} `runtime_unavailable` */
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
    return { container: this.#at(id), attached };
  }

  /** Begins something; when that fails, finds out whether the image is to blame. */
  async begin<T>(begin: () => Promise<T>): Promise<T> {
    try {
      return await begin();
    } catch (error) {
      const isCallers = error instanceof CodeBeakerError && error.code !== "runtime_unavailable";
      if (isCallers || isEngineLost(error) || this.#isDisposed) throw error;
      const { client } = this.#installation;
      const why = await whyUnusable(client, this.#request({ argv: IMAGE_CHECK, user: PROGRAM_USER, env: {} }));
      if (why !== undefined) this.#options.onUnusable(why);
      throw error;
    }
  }

  /** Leaves them, for somebody else. */
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
    } catch (error) { // The reaper takes what is left, as soon as the Engine answers.
      instance.leaveTrace();
      log.warning("a container cannot be removed now", { environment: this.id, error: messageOf(error) });
    } finally {
      living.delete(this.id);
    }
  }

  #at(containerId: string): Container {
    return new Container(this.#installation.client, containerId, { group: findGroup(containerId, this.#options) });
  }

  #request(main: MainProcess): ContainerRequest {
    return requestFor(this.#installation, this.#options, { id: this.id, main });
  }
}
