import { hasCode } from "../../../core/errors.ts";
import type { Program, RunOptions } from "../../port.ts";
import type { Container } from "../container/container.ts";
import type { ContainerSet } from "../container/container_set.ts";
import { PROGRAM_USER } from "../container/users.ts";
import type { DockerInstallation } from "../environment/environment_options.ts";
import type { Files } from "../files/pending_files.ts";
import type { EnvironmentSpec } from "../images/environments.ts";
import type { WarmContainer } from "../warm/warm_container.ts";
import { encodeProgram } from "../warm/warm_launcher.ts";
import { coldLauncher } from "./launcher.ts";
import { ContainerProgram, type ContainerProgramRequest, type StartedProgram } from "./container_program.ts";
import { INIT_VARIABLES, launcherArgv } from "./launcher_command.ts";
import type { CompilingOptions, ProgramControl, ProgramParts } from "./program_control.ts";
import { BLOCK_BYTES, packArchive } from "./file_archive.ts";

/** Everything that a single-use program is run with. */
export interface SingleUseOptions {
  readonly installation: Pick<DockerInstallation, "client">;
  readonly spec: EnvironmentSpec;
  readonly containers: ContainerSet;
  /** A container that waits for the program; undefined when there is none. */
  readonly warm: WarmContainer | undefined;
  partsOf(program: Program, container: Container, options: CompilingOptions): ProgramParts;
}

/** Options of the program, and the files that go along with its start. */
type SingleUseRun = RunOptions & { readonly files: Files };

/** A launcher that is the main process of a container, and its first input. */
interface MainLauncher extends Pick<ContainerProgramRequest, "launcher" | "input">, Pick<ProgramControl, "ended"> {
  readonly container: Container;
}

/**
 * Runs the only program of an environment in the warm container. Where there is none, or it is lost before the program
 * begins, the program is the main process of a new container.
 *
 * @throws {CodeBeakerError} as {@link ContainerProgram.start}
 */
export async function runSingleUse(
  program: Program,
  run: SingleUseRun,
  options: SingleUseOptions,
): Promise<StartedProgram> {
  const warm = await runWarm(program, run, options);
  return warm === undefined
    ? { program: await runCold(program, run, options), isWarm: false }
    : { program: warm, isWarm: true };
}

async function runWarm(
  program: Program,
  run: SingleUseRun,
  options: SingleUseOptions,
): Promise<ContainerProgram | undefined> {
  const { spec, warm } = options;
  if (warm === undefined || !warm.launcher.canRun(program)) return undefined;
  const { container, ended } = warm;
  const input = await encodeProgram(warm.launcher, program, { spec, env: run.env, files: run.files });
  const launcher = await warm.launcher.take();
  try {
    return await start(program, { launcher, input, container, ended: () => ended }, { run, options });
  } catch (error) {
    if (!hasCode(error, "runtime_unavailable")) throw error;
    await container.signalMain("SIGKILL").catch(() => {}); // It is lost, or must not run the program too.
    return undefined;
  }
}

async function runCold(program: Program, run: SingleUseRun, options: SingleUseOptions): Promise<ContainerProgram> {
  const { containers, installation: { client }, spec } = options;
  const archive = await packArchive(run.files);
  const argv = launcherArgv(program, { spec, env: run.env, blocks: archive.length / BLOCK_BYTES });
  const main = { argv, user: PROGRAM_USER, env: INIT_VARIABLES };
  const { attached, container } = await containers.start(main, (id) => client.containers.attach(id));
  const { handshake, launcher } = coldLauncher(attached);
  const ended = (waiting: AbortSignal) => client.containers.wait(container.id, waiting);
  const started = { launcher, input: [handshake, archive], container, ended };
  return await containers.begin(() => start(program, started, { run, options }));
}

async function start(
  program: Program,
  { container, ended, input, launcher }: MainLauncher,
  { options: { partsOf }, run }: { readonly options: SingleUseOptions; readonly run: SingleUseRun },
): Promise<ContainerProgram> {
  const parts = partsOf(program, container, run);
  const control: ProgramControl = { ...parts.control, signal: (name) => container.signalMain(name), ended };
  return await ContainerProgram.start({ ...parts, control, launcher, input }, run);
}
