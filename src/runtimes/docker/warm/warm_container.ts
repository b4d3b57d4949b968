import { newId } from "../../../core/ids.ts";
import type { WarmMember } from "../../warm/warm_member.ts";
import { createHandshake } from "../program/launcher.ts";
import type { Container } from "../container/container.ts";
import { ContainerSet } from "../container/container_set.ts";
import { INIT_VARIABLES, LAUNCHER } from "../program/launcher_command.ts";
import { interpreterWords } from "./warm_interpreter.ts";
import { WarmLauncher } from "./warm_launcher.ts";
import type { EngineExit } from "../engine/engine_containers.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";
import { PROGRAM_USER } from "../container/users.ts";

/** A warm container for one program of any client. Before that program, it has no data of a client. */
export class WarmContainer implements WarmMember {
  readonly container: Container;
  readonly launcher: WarmLauncher;
  /** Settles when the container has ended. Rejects when the Engine is lost or the container is disposed of. */
  readonly ended: Promise<EngineExit>;
  readonly #owned: AsyncDisposable;

  private constructor(
    { container, ended, launcher }: Pick<WarmContainer, "container" | "ended" | "launcher">,
    owned: AsyncDisposable,
  ) {
    this.container = container;
    this.launcher = launcher;
    this.ended = ended;
    this.ended.catch(() => {}); // Reported to the program that runs in it.
    this.#owned = owned;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  static async make(installation: DockerInstallation, options: DockerEnvironmentOptions): Promise<WarmContainer> {
    await using owned = new AsyncDisposableStack();
    const containers = owned.use(new ContainerSet(installation, options, newId("env")));
    const handshake = createHandshake();
    const words = interpreterWords({ ...installation, ...options, variables: {} }, handshake);
    const main = { argv: [...LAUNCHER, ...words], user: PROGRAM_USER, env: INIT_VARIABLES };
    const { attached, container } = await containers.start(main, (id) => installation.client.containers.attach(id));
    owned.use(attached);
    const launcher = await WarmLauncher.warmUp(attached, {
      handshake,
      hasInterpreter: words.length > 0,
      onNoInterpreter: () => installation.interpreterless.add(options.image),
    });
    const leaving = new AbortController();
    owned.defer(() => leaving.abort());
    // Requested ahead of the program, since the request takes 0.5 ms.
    const ended = installation.client.containers.wait(container.id, leaving.signal);
    return new WarmContainer({ container, launcher, ended }, owned.move());
  }

  get isAlive(): boolean {
    return this.launcher.isAlive;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}
