import { newId } from "../../../core/ids.ts";
import type { WarmMember } from "../../warm/warm_member.ts";
import type { Container } from "../container/container.ts";
import { ContainerSet } from "../container/container_set.ts";
import { PAUSE_PROCESS } from "../container/environment_container.ts";
import { WarmExec } from "./warm_exec.ts";
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";

/** A warm container for the session of any client. A warm launcher waits in it for the first program. */
export class WarmSession implements WarmMember {
  readonly container: Container;
  readonly containers: ContainerSet;
  readonly warm: WarmExec;

  private constructor({ container, containers, warm }: Pick<WarmSession, "container" | "containers" | "warm">) {
    this.container = container;
    this.containers = containers;
    this.warm = warm;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` */
  static async make(installation: DockerInstallation, options: DockerEnvironmentOptions): Promise<WarmSession> {
    await using stack = new AsyncDisposableStack();
    const containers = stack.use(new ContainerSet(installation, options, newId("env")));
    const { container } = await containers.start(PAUSE_PROCESS, async () => {});
    const warm = new WarmExec(installation.memory);
    await warm.start(container, { ...installation, ...options, variables: {} });
    stack.move();
    return new WarmSession({ container, containers, warm });
  }

  get isAlive(): boolean {
    return this.warm.isAlive;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.containers[Symbol.asyncDispose](); // The launcher ends with it.
    await this.warm[Symbol.asyncDispose]();
  }
}
