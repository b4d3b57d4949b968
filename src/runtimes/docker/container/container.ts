import { delay } from "../../../concurrency/delay.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import type { EngineExit } from "../engine/engine_containers.ts";
import type { AttachedExec } from "../engine/engine_execs.ts";
import { LineReader } from "../engine/line_reader.ts";
import { attachCommand, type AttachedCommand, type ContainerCommand } from "./container_command.ts";
import type { ContainerGroup } from "./container_group.ts";
import { PROGRAM_USER } from "./users.ts";

const SIGNAL_TIMEOUT_MS = 3_000;
/** How long a busy Engine may take to report a command's exit after its output. */
const EXIT_TIMEOUT_MS = 5_000;
const MIN_EXIT_INTERVAL_MS = 20;
/** The interval at which the end of an exec instance is polled. The Engine does not report it. */
const POLL_MS = 250;

/** A running command of the service. */
export interface RunningCommand extends AttachedCommand {
  /**
   * Whether the command exited with 0. It is false also if the Engine reports no exit in time. Call it at the end of
   * the output.
   */
  hasSucceeded(): Promise<boolean>;
}

/** A running container. Commands and programs start in it beside its main process. */
export class Container {
  readonly id: string;
  /** The container's control group; undefined where this machine's kernel has none for it. */
  readonly group: ContainerGroup | undefined;
  readonly #client: EngineClient;
  /** Settles when the last SIGKILL is sent. */
  #killed: Promise<unknown> = Promise.resolve();

  constructor(client: EngineClient, id: string, { group }: Pick<Container, "group">) {
    this.#client = client;
    this.id = id;
    this.group = group;
  }

  /** Starts a process as the programs' user. @throws {CodeBeakerError} `runtime_unavailable` */
  exec(argv: readonly string[]): Promise<AttachedExec> {
    return this.#client.execs.start(this.id, { argv, user: PROGRAM_USER });
  }

  /** Runs a command of the service. @throws {CodeBeakerError} `runtime_unavailable` */
  async run({ argv, ...options }: ContainerCommand): Promise<RunningCommand> {
    const attachment = await this.exec(argv);
    return { ...attachCommand(attachment, options), hasSucceeded: () => this.#hasSucceeded(attachment.execId) };
  }

  /**
   * Signals processes of the container. `pid` names a process, a process group by its negative number, or every process
   * of the programs' user by -1. An absent process is no error. Where no process can be started in the container,
   * SIGKILL kills the container. SIGKILLs are sent one at a time: each may kill the process that sends another.
   *
   * @returns true if every process of the programs' user is known to have ended
   */
  signal(signal: string, pid: number): Promise<boolean> {
    if (signal !== "SIGKILL") return this.#send(signal, pid).then(() => false);
    const killed = this.#killed.then(() => this.#kill(pid));
    this.#killed = killed.catch(() => {}); // Its own sender has the error.
    return killed;
  }

  /** Signals the main process, which is a program's launcher. In everything else it is as {@link signal}. */
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

  async #kill(pid: number): Promise<boolean> {
    if (pid === -1 && await this.group?.killPrograms()) return true;
    if (!await this.#send("SIGKILL", pid)) await this.#client.containers.kill(this.id, "SIGKILL");
    return false;
  }

  /** Whether a process in the container has sent a signal. */
  #send(signal: string, pid: number): Promise<boolean> {
    const script = 'kill -s "$1" -- "$2" 2>/dev/null; echo sent';
    const argv = ["sh", "-c", script, "signal", signal.replace(/^SIG/, ""), String(pid)];
    return this.#firstLine(argv).then((line) => line === "sent", () => false);
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
    fed.catch(() => {}); // The command reads no stdin.
    const lines = new LineReader(stdout);
    try {
      return await lines.line();
    } finally {
      await lines.close();
    }
  }
}
