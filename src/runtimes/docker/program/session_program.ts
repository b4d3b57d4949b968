import { Semaphore } from "../../../concurrency/semaphore.ts";
import { hasCode } from "../../../core/errors.ts";
import type { Program, RunOptions } from "../../port.ts";
import type { Container } from "../container/container.ts";
import type { CurrentBounds } from "../container/current_bounds.ts";
import type { SessionContainer } from "../environment/session_container.ts";
import type { EnvironmentSpec } from "../images/environments.ts";
import type { WarmExec } from "../warm/warm_exec.ts";
import { encodeProgram } from "../warm/warm_launcher.ts";
import { coldLauncher } from "./launcher.ts";
import { ContainerProgram, type ContainerProgramRequest, type StartedProgram } from "./container_program.ts";
import { isCompiled, launcherArgv } from "./launcher_command.ts";
import type { CompilingOptions, ProgramControl, ProgramParts } from "./program_control.ts";

const COMPILER_QUEUE_MS = 120_000;

/** A launcher beside the pause process of a session container, and its first input. */
interface SessionLauncher extends Pick<ContainerProgramRequest, "launcher" | "input"> {
  readonly execId: string;
  readonly isWarm: boolean;
}

/** Everything that a session's programs are run with. */
export interface SessionProgramsOptions {
  readonly spec: EnvironmentSpec;
  readonly session: SessionContainer;
  readonly bounds: CurrentBounds;
  readonly warmLauncher: WarmExec;
  /** Whether at most one program, and no operation on files, is in the container. */
  isAlone(): boolean;
  partsOf(program: Program, container: Container, options: CompilingOptions): ProgramParts;
}

/** Runs the programs of a session, each by a launcher beside the pause process. */
export class SessionPrograms {
  readonly #options: SessionProgramsOptions;
  /** Compilers run one at a time, as the container's bounds are a compiler's meanwhile. */
  readonly #compiler = new Semaphore(1);

  constructor(options: SessionProgramsOptions) {
    this.#options = options;
  }

  /** @throws {CodeBeakerError} as {@link ContainerProgram.start}; `busy` when other compilers take too long */
  async run(
    program: Program,
    { env, limits, compileMs, signal }: RunOptions,
    { onLaunched }: { onLaunched(launched: Pick<SessionLauncher, "isWarm">): void },
  ): Promise<StartedProgram> {
    const { bounds, partsOf, session, spec } = this.#options;
    await session.cleaned;
    const container = await session.get();
    const compiles = isCompiled(program, spec);
    using _turn = compiles ? await this.#compiler.acquire({ timeoutMs: COMPILER_QUEUE_MS, signal }) : undefined;
    await bounds.set(container.id, { compiling: compiles, limits });
    const launched = await this.#launch(container, program, env);
    onLaunched(launched);
    const start = async ({ execId, input, isWarm, launcher }: SessionLauncher): Promise<StartedProgram> => {
      const parts = partsOf(program, container, { limits, compileMs });
      const control: ProgramControl = {
        ...parts.control,
        signal: (name, pid) => this.#signal(container, name, pid),
        ended: (waiting) => container.execEnded(execId, waiting),
      };
      return { program: await ContainerProgram.start({ ...parts, control, launcher, input }, { signal }), isWarm };
    };
    return await start(launched).catch(async (error: unknown) => {
      if (!launched.isWarm || !hasCode(error, "runtime_unavailable")) throw error;
      await this.#signal(container, "SIGKILL", launched.launcher.pid).catch(() => {}); // It must not run the program too.
      return await start(await this.#launch(container, program, env)); // The warm launcher was lost meanwhile.
    });
  }

  /** Takes the warm launcher, or starts one. @throws {CodeBeakerError} `runtime_unavailable` */
  async #launch(container: Container, program: Program, env: RunOptions["env"]): Promise<SessionLauncher> {
    const { spec, warmLauncher } = this.#options;
    const warm = await warmLauncher.take(program);
    if (warm !== undefined) {
      using unused = new DisposableStack();
      unused.use(warm.launcher);
      const input = await encodeProgram(warm.launcher, program, { spec, env, files: new Map() });
      const launcher = await warm.launcher.take();
      unused.move();
      return { execId: warm.execId, launcher, input, isWarm: true };
    }
    const argv = launcherArgv(program, { spec, env, blocks: 0 });
    const attachment = await container.exec(argv);
    const { handshake, launcher } = coldLauncher(attachment);
    return { execId: attachment.execId, launcher, input: [handshake], isWarm: false };
  }

  /**
   * Signals the processes of a launcher. A launcher that has not reported its process is signalled as soon as it does.
   */
  async #signal(container: Container, name: string, pid: number | undefined): Promise<boolean> {
    if (name === "SIGKILL" && this.#options.isAlone()) return await container.signal(name, -1);
    return pid !== undefined && pid > 1 && await container.signal(name, -pid);
  }
}
