import { newId } from "../../core/ids.ts";
import type { WarmMember } from "../../system/warm_shelf.ts";
import { confide } from "./attached_launcher.ts";
import type { Container } from "./container.ts";
import { ContainerSet } from "./container_set.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "./environment_container.ts";
import { PROGRAM_USER } from "./host_config.ts";
import { INIT_VARIABLES, LAUNCHER } from "./launcher.ts";
import { interpreterWords } from "./waiting_interpreter.ts";
import { WaitingLauncher } from "./waiting_launcher.ts";

/** A container that was made for one program of whoever comes. Nothing of a client is in it before that. */
export class WaitingContainer implements WarmMember {
  readonly container: Container;
  readonly launcher: WaitingLauncher;
  readonly #owned: AsyncDisposable;

  private constructor(
    { container, launcher }: Pick<WaitingContainer, "container" | "launcher">,
    owned: AsyncDisposable,
  ) {
    this.container = container;
    this.launcher = launcher;
    this.#owned = owned;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  static async make(installation: DockerInstallation, options: DockerEnvironmentOptions): Promise<WaitingContainer> {
    await using owned = new AsyncDisposableStack();
    const containers = owned.use(new ContainerSet(installation, options, newId("env")));
    const confidence = confide();
    const words = interpreterWords({ ...installation, ...options, variables: {} }, confidence);
    const main = { argv: [...LAUNCHER, ...words], user: PROGRAM_USER, env: INIT_VARIABLES };
    const { attached, container } = await containers.start(main, (id) => installation.client.attach(id));
    owned.use(attached);
    const launcher = await WaitingLauncher.ready(attached, {
      confidence,
      hasInterpreter: words.length > 0,
      onNoInterpreter: () => installation.interpreterless.add(options.image),
    });
    return new WaitingContainer({ container, launcher }, owned.move());
  }

  get isAlive(): boolean {
    return this.launcher.isAlive;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}
