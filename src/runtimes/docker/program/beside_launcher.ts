import type { Program, RunOptions } from "../../port.ts";
import { freshLauncher } from "./attached_launcher.ts";
import type { Container } from "../container/container.ts";
import type { ContainerProgramRequest } from "./container_program.ts";
import type { EnvironmentSpec } from "../images/environments.ts";
import { launcherArgv } from "./launcher.ts";
import type { WarmExec } from "../warm/warm_exec.ts";
import { orderFor } from "../warm/warm_launcher.ts";

/** A launcher beside the main process of a lasting container, and what it is to be told. */
export interface BesideLauncher extends Pick<ContainerProgramRequest, "launcher" | "told"> {
  readonly execId: string;
  /** Whether it had waited. */
  readonly isWarm: boolean;
}

/** The launcher that waits for a program, or another one. @throws {CodeBeakerError} `runtime_unavailable` */
export async function launchBeside(
  container: Container,
  program: Program,
  { env, spec, warm }: Pick<RunOptions, "env"> & { readonly spec: EnvironmentSpec; readonly warm: WarmExec },
): Promise<BesideLauncher> {
  const waiting = await warm.take(program);
  if (waiting !== undefined) {
    using refused = new DisposableStack();
    refused.use(waiting.launcher);
    const told = await orderFor(waiting.launcher, program, { spec, env, files: new Map() });
    const launcher = await waiting.launcher.take();
    refused.move();
    return { execId: waiting.execId, launcher, told, isWarm: true };
  }
  const argv = launcherArgv(program, { spec, env, blocks: 0 });
  const attachment = await container.exec({ argv, env: {}, workingDirectory: "/" });
  const { encodeHandshake, launcher } = freshLauncher(attachment);
  return { execId: attachment.execId, launcher, told: [encodeHandshake], isWarm: false };
}
