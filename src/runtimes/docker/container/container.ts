import { delay } from "../../../concurrency/delay.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import type { EngineExit } from "../engine/engine_containers.ts";
import type { AttachedExec, ExecRequest } from "../engine/engine_execs.ts";
import { LineReader } from "../engine/line_reader.ts";
import { attachCommand, type AttachedCommand, type ContainerCommand } from "./container_command.ts";
import type { ContainerGroup } from "./container_group.ts";
import { PROGRAM_USER } from "./users.ts";

const SIGNAL_TIMEOUT_MS = 3_000;
/** How long a busy Engine may take to report the exit of a command whose output has ended. */
const EXIT_TIMEOUT_MS = 5_000;
const MIN_EXIT_INTERVAL_MS = 20;
/** The interval at which the end of an exec instance is polled, as the Engine does not report it. */
const POLL_MS = 250;

/** A command that runs. */
export interface RunningCommand extends AttachedCommand {
  /** Whether it exited with 0. Called at the end of its output. */
  hasSucceeded(): Promise<boolean>;
}

/** A running container. Commands and programs are started in it beside its main process. */
export class Container {
  readonly id: string;
  /** Its control group; undefined where this machine's kernel has none for it. */
  readonly group: ContainerGroup | undefined;
  readonly #client: EngineClient;

  constructor(client: EngineClient, id: string, { group }: Pick<Container, "group">) {
    this.#client = client;
    this.id = id;
    this.group = group;
  }

  /** Starts a process as the programs' user. @throws {CodeBeakerError} `runtime_unavailable` */
  exec(request: Omit<ExecRequest, "user">): Promise<AttachedExec> {
    return this.#client.execs.start(this.id, { ...request, user: PROGRAM_USER });
  }

  /** Runs a command of the service. @throws {CodeBeakerError} `runtime_unavailable` */
  async run({ argv, ...options }: ContainerCommand): Promise<RunningCommand> {
    const attachment = await this.exec({ argv, env: {}, workingDirectory: "/" });
    return { ...attachCommand(attachment, options), hasSucceeded: () => this.#hasSucceeded(attachment.execId) };
  }

  /**
   * Signals a process, a process group by its negative number, or every process of the programs' user by -1. An absent
   * one is no error. Where no process can be started in the container, SIGKILL kills the container.
   *
   * @returns true if no process of it is known to be left
   */
  async signal(signal: string, pid: number): Promise<boolean> {
    if (signal === "SIGKILL" && pid === -1 && await this.group?.killPrograms()) return true;
    const script = 'kill -s "$1" -- "$2" 2>/dev/null; echo sent';
    const argv = ["sh", "-c", script, "signal", signal.replace(/^SIG/, ""), String(pid)];
    const isSent = await this.#firstLine(argv).then((line) => line === "sent", () => false);
    if (!isSent && signal === "SIGKILL") await this.#client.containers.kill(this.id, signal);
    return false;
  }

  /** Signals the main process, where that is a program's launcher; else as {@link signal}. */
  async signalMain(signal: string): Promise<boolean> {
    if (signal === "SIGKILL" && await this.group?.killPrograms()) return true;
    await this.#client.containers.kill(this.id, signal);
    return false;
  }

  /** Settles when a process that {@link exec} started has ended. */
  async execEnded(execId: string, signal: AbortSignal): Promise<EngineExit> {
    for (;;) {
      await delay(POLL_MS, { signal });
      signal.throwIfAborted();
      const exit = await this.#client.execs.exit(execId);
      if (exit !== undefined) return exit;
    }
  }

  async #hasSucceeded(execId: string): Promise<boolean> {
    const deadline = performance.now() + EXIT_TIMEOUT_MS;
    for (let waitMs = MIN_EXIT_INTERVAL_MS; performance.now() < deadline; waitMs = Math.min(waitMs * 2, POLL_MS)) {
      const exit = await this.#client.execs.exit(execId);
      if (exit !== undefined) return exit.exitCode === 0;
      await delay(waitMs);
    }
    return false;
  }

  async #firstLine(argv: readonly string[]): Promise<string | undefined> {
    const { fed, stdout } = await this.run({ argv, idleTimeoutMs: SIGNAL_TIMEOUT_MS });
    fed.catch(() => {}); // It reads nothing.
    const lines = new LineReader(stdout);
    try {
      return await lines.line();
    } finally {
      await lines.close();
    }
  }
}
