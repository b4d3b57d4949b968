import { hasCode } from "../../../core/errors.ts";
import type { Limits } from "../../../core/limits.ts";
import type { Program, RunOptions } from "../../port.ts";
import { freshLauncher } from "./attached_launcher.ts";
import type { Container } from "../container/container.ts";
import { ContainerProgram, type ContainerProgramRequest, type ProgramControl } from "./container_program.ts";
import type { ContainerSet } from "../container/container_set.ts";
import {
  type DockerEnvironmentOptions,
  type DockerInstallation,
  watchDenials,
} from "../container/environment_container.ts";
import { PROGRAM_USER } from "../container/host_config.ts";
import { BLOCK_BYTES, INIT_VARIABLES, launcherArgv, packArchive } from "./launcher.ts";
import type { Files } from "./pending_files.ts";
import type { WarmContainer } from "../warm/warm_container.ts";
import { orderFor } from "../warm/warm_launcher.ts";

/** Where the one program of a single use may run. */
export interface LonePlace {
  readonly installation: DockerInstallation;
  readonly options: DockerEnvironmentOptions;
  readonly containers: ContainerSet;
  /** The container that waits for it, if one does. */
  readonly waiting: WarmContainer | undefined;
  controlOf(container: Container, limits: Limits): Omit<ProgramControl, "signal" | "ended">;
}

/** The one program, with its variables and the files that go along. */
type LoneRun = RunOptions & { readonly files: Files };

/** The one program of a single use, and whether something waited for it. */
export interface LoneProgram {
  readonly program: ContainerProgram;
  readonly isWarm: boolean;
}

/**
 * Runs it in the container that waits for it; where there is none, or it is lost before the program begins, as the main
 * process of a container of its own.
 *
 * @throws {CodeBeakerError} as {@link ContainerProgram.start}
 */
export async function runAlone(program: Program, run: LoneRun, place: LonePlace): Promise<LoneProgram> {
  const ready = await runReady(program, run, place);
  return ready === undefined
    ? { program: await runCold(program, run, place), isWarm: false }
    : { program: ready, isWarm: true };
}

async function runReady(
  program: Program,
  { env, files, limits, signal }: LoneRun,
  place: LonePlace,
): Promise<ContainerProgram | undefined> {
  const member = place.waiting;
  if (member === undefined || !member.launcher.canRun(program)) return undefined;
  const told = await orderFor(member.launcher, program, { spec: place.options.spec, env, files });
  const launcher = await member.launcher.take();
  try {
    const { container, ended } = member;
    return await start(program, { launcher, told, limits, signal, container, ended: () => ended }, place);
  } catch (error) {
    if (!hasCode(error, "runtime_unavailable")) throw error;
    await member.container.signalMain("SIGKILL").catch(() => {}); // It is lost, or must not run the program as well.
    return undefined;
  }
}

async function runCold(
  program: Program,
  { env, files, limits, signal }: LoneRun,
  place: LonePlace,
): Promise<ContainerProgram> {
  const { containers, installation: { client }, options: { spec } } = place;
  const archive = await packArchive(files);
  const argv = launcherArgv(program, { spec, env, blocks: archive.length / BLOCK_BYTES });
  const main = { argv, user: PROGRAM_USER, env: INIT_VARIABLES };
  const { attached, container } = await containers.start(main, (id) => client.containers.attach(id));
  const { encodeHandshake, launcher } = freshLauncher(attached);
  const ended = (waiting: AbortSignal) => client.containers.wait(container.id, waiting);
  const request = { launcher, told: [encodeHandshake, archive], limits, signal, container, ended };
  return await containers.begin(() => start(program, request, place));
}

async function start(
  program: Program,
  { container, ended, launcher, limits, signal, told }:
    & Pick<ContainerProgramRequest, "launcher" | "told" | "limits">
    & Pick<ProgramControl, "ended">
    & { readonly container: Container; readonly signal: AbortSignal | undefined },
  { controlOf, installation, options }: LonePlace,
): Promise<ContainerProgram> {
  const control: ProgramControl = {
    signal: (name) => container.signalMain(name),
    ended,
    ...controlOf(container, limits),
  };
  const compiles = program.kind === "file" && options.spec.compile !== undefined;
  const denials = watchDenials(program, { ...installation, ...options });
  return await ContainerProgram.start({ launcher, told, control, compiles, limits, denials }, { signal });
}
