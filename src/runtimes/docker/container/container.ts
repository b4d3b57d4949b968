import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import { delay } from "../../../concurrency/delay.ts";
import type { Attachment } from "../engine/attachment.ts";
import type { ContainerGroup } from "./container_group.ts";
import { Demultiplexer } from "../engine/demultiplexer.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import { LineReader } from "../engine/line_reader.ts";
import type { ExecRequest } from "../engine/engine_execs.ts";
import { PROGRAM_USER } from "./users.ts";

const MAX_STDERR_BYTES = 2_000;
const PATIENCE_MS = 20_000;
const SIGNAL_PATIENCE_MS = 3_000;
/** How soon a command that has said everything is over, at the latest, where the Engine is busy. */
const EXIT_MS = 5_000;
const EXIT_INTERVAL_MS = 20;
/** How often it is asked whether something has ended of which the Engine does not tell. */
const POLL_MS = 250;

/** Something that the service itself runs in a container. */
export interface ContainerCommand {
  readonly argv: readonly string[];
  /** How long it may neither say nor take anything. */
  readonly patienceMs?: number;
  /** What it reads; absent, nothing. */
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array> | undefined;
}

/** A command at work: its stdout, which the owner reads to the end or cancels. */
export interface RunningCommand {
  readonly stdout: AsyncGenerator<Uint8Array>;
  /** Settles when stdin has been taken, or refused by a command that did not want it. */
  readonly fed: Promise<void>;
  /** Why what it was to read could not be had to its end; undefined as long as it could. */
  sourceFailure(): { readonly error: unknown } | undefined;
  /** Whether it exited with 0, once it has said everything. */
  hasSucceeded(): Promise<boolean>;
}

/** A running container, in which commands and programs are started beside its main process. */
export class Container {
  readonly id: string;
  /** What this machine's kernel sees of it, where it is that which runs it. */
  readonly group: ContainerGroup | undefined;
  readonly #client: EngineClient;

  constructor(client: EngineClient, id: string, { group }: Pick<Container, "group">) {
    this.#client = client;
    this.id = id;
    this.group = group;
  }

  /** Starts a program's launcher. @throws {CodeBeakerError} `runtime_unavailable` */
  exec(request: Omit<ExecRequest, "user">): Promise<Attachment & { readonly execId: string }> {
    return this.#client.execs.start(this.id, { ...request, user: PROGRAM_USER });
  }

  /** Runs one of the service's own scripts. @throws {CodeBeakerError} `runtime_unavailable` */
  async run({ argv, stdin, patienceMs = PATIENCE_MS }: ContainerCommand): Promise<RunningCommand> {
    const attachment = await this.exec({ argv, env: {}, workingDirectory: "/" });
    let failure: { readonly error: unknown } | undefined;
    const patience = new Patience(attachment, patienceMs);
    const fed = feed(attachment, stdin, {
      onSourceFailure: (error) => failure = { error },
      onProgress: () => patience.renew(),
    });
    return {
      stdout: readStdout(attachment, patience),
      fed,
      sourceFailure: () => failure,
      hasSucceeded: () => this.#hasSucceeded(attachment.execId),
    };
  }

  /**
   * Signals a process, a group by its negative number, or everything of the programs' user by -1; what is gone is no
   * fault. Where nobody can be sent into the container any more, SIGKILL ends the container itself. Tells whether it is
   * known that nothing of it is left.
   */
  async signal(signal: string, pid: number): Promise<boolean> {
    if (signal === "SIGKILL" && pid === -1 && await this.group?.killPrograms()) return true;
    const script = 'kill -s "$1" -- "$2" 2>/dev/null; echo sent';
    const argv = ["sh", "-c", script, "signal", signal.replace(/^SIG/, ""), String(pid)];
    const isSent = await this.#sayLine(argv).then((line) => line === "sent", () => false);
    if (!isSent && signal === "SIGKILL") await this.#client.containers.kill(this.id, signal);
    return false;
  }

  /** Signals the main process, which is a program's own launcher; else as {@link signal}. */
  async signalMain(signal: string): Promise<boolean> {
    if (signal === "SIGKILL" && await this.group?.killPrograms()) return true;
    await this.#client.containers.kill(this.id, signal);
    return false;
  }

  async #hasSucceeded(execId: string): Promise<boolean> {
    const deadline = performance.now() + EXIT_MS;
    for (let restMs = EXIT_INTERVAL_MS; performance.now() < deadline; restMs = Math.min(restMs * 2, POLL_MS)) {
      const exit = await this.#client.execs.exit(execId);
      if (exit !== undefined) return exit.exitCode === 0;
      await delay(restMs);
    }
    return false;
  }

  /** The first line that a command says. */
  async #sayLine(argv: readonly string[]): Promise<string | undefined> {
    const { fed, stdout } = await this.run({ argv, patienceMs: SIGNAL_PATIENCE_MS });
    fed.catch(() => {}); // It reads nothing.
    const lines = new LineReader(stdout);
    try {
      return await lines.line();
    } finally {
      await lines.close();
    }
  }

  /** Settles when something that {@link exec} started has ended. */
  async execEnded(execId: string, signal: AbortSignal): Promise<{ exitCode: number; oomKilled: boolean }> {
    for (;;) {
      await delay(POLL_MS, { signal });
      signal.throwIfAborted();
      const exit = await this.#client.execs.exit(execId);
      if (exit !== undefined) return exit;
    }
  }
}

async function* readStdout(attachment: Attachment, patience: Patience): AsyncGenerator<Uint8Array> {
  using _owned = attachment;
  const demultiplexer = new Demultiplexer();
  const frames = attachment.frames[Symbol.asyncIterator]();
  let stderrBytes = 0;
  for (;;) {
    const { done, value } = await patience.wait(frames.next());
    if (done) return;
    for (const { stream, bytes } of demultiplexer.push(value)) {
      if (stream === "stdout") yield bytes;
      else if ((stderrBytes += bytes.length) > MAX_STDERR_BYTES) return;
    }
  }
}

/** How long a command is waited for that neither says nor takes anything: a program beside it can stop it. */
class Patience {
  readonly #attachment: Attachment;
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWaiting = false;

  constructor(attachment: Attachment, ms: number) {
    this.#attachment = attachment;
    this.#ms = ms;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` when nothing comes, or the Engine is lost */
  async wait<T>(next: Promise<T>): Promise<T> {
    this.#isWaiting = true;
    this.renew();
    try {
      return await next;
    } catch (cause) {
      throw new CodeBeakerError("runtime_unavailable", `The container did not answer: ${messageOf(cause)}`, { cause });
    } finally {
      this.#isWaiting = false;
      clearTimeout(this.#timer);
    }
  }

  renew(): void {
    clearTimeout(this.#timer);
    if (this.#isWaiting) this.#timer = setTimeout(() => this.#attachment[Symbol.dispose](), this.#ms);
  }
}

/** Half of what a command was to read is not to be taken for the whole: where the source fails, the command is left. */
async function feed(
  attachment: Attachment,
  stdin: ContainerCommand["stdin"],
  { onSourceFailure, onProgress }: { onSourceFailure(error: unknown): void; onProgress(): void },
): Promise<void> {
  const source = stdin instanceof ReadableStream ? stdin : ReadableStream.from(stdin === undefined ? [] : [stdin]);
  const reader = source.getReader();
  const writer = attachment.stdin.getWriter();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      onSourceFailure(error);
      attachment[Symbol.dispose]();
      throw error;
    });
    if (done) return await writer.close();
    try {
      await writer.write(value);
      onProgress();
    } catch (error) {
      await reader.cancel(error);
      throw error;
    }
  }
}
