import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Attachment, EngineClient, ExecRequest } from "./engine_client.ts";
import { Demultiplexer } from "./demultiplexer.ts";
import { PROGRAM_USER } from "./host_config.ts";

const MAX_STDERR_BYTES = 2_000;
const PATIENCE_MS = 20_000;
/** How often it is asked whether something has ended of which the Engine does not tell. */
const POLL_MS = 250;

/** Something that the service itself runs in a container. */
export interface ContainerCommand {
  readonly argv: readonly string[];
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
}

/** A running container, in which commands and programs are started beside its main process. */
export class Container {
  readonly id: string;
  readonly #client: EngineClient;

  constructor(client: EngineClient, id: string) {
    this.#client = client;
    this.id = id;
  }

  /** Starts a program's launcher. @throws {CodeBeakerError} `runtime_unavailable` */
  exec(request: Omit<ExecRequest, "user">): Promise<Attachment & { readonly execId: string }> {
    return this.#client.exec(this.id, { ...request, user: PROGRAM_USER });
  }

  /** Runs one of the service's own scripts. @throws {CodeBeakerError} `runtime_unavailable` */
  async run({ argv, stdin }: ContainerCommand): Promise<RunningCommand> {
    const attachment = await this.exec({ argv, env: {}, workingDirectory: "/" });
    let failure: { readonly error: unknown } | undefined;
    const patience = new Patience(attachment);
    const fed = feed(attachment, stdin, {
      onSourceFailure: (error) => failure = { error },
      onProgress: () => patience.renew(),
    });
    return { stdout: readStdout(attachment, patience), fed, sourceFailure: () => failure };
  }

  /**
   * Signals a process, a group by its negative number, or everything of the programs' user by -1; what is gone is no fault. In
   * a container that has no room for one process more, SIGKILL ends the container itself.
   */
  async signal(signal: string, pid: number): Promise<void> {
    const script = 'kill -s "$1" -- "$2" 2>/dev/null; echo sent';
    const { stdout } = await this.run({
      argv: ["sh", "-c", script, "signal", signal.replace(/^SIG/, ""), String(pid)],
    });
    let answer = "";
    for await (const bytes of stdout) answer += new TextDecoder().decode(bytes);
    if (!answer.includes("sent") && signal === "SIGKILL") await this.#client.killContainer(this.id, signal);
  }

  /** Settles when something that {@link exec} started has ended. */
  async execEnded(execId: string, signal: AbortSignal): Promise<{ exitCode: number; oomKilled: boolean }> {
    for (;;) {
      await delay(POLL_MS, signal);
      const exit = await this.#client.execExit(execId);
      if (exit !== undefined) return exit;
      signal.throwIfAborted();
    }
  }
}

/** Reads a command's output to its end and throws it away. */
export async function drain({ stdout, fed }: RunningCommand): Promise<void> {
  for await (const _ of stdout);
  await fed;
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
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWaiting = false;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
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
    if (this.#isWaiting) this.#timer = setTimeout(() => this.#attachment[Symbol.dispose](), PATIENCE_MS);
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

/** Waits, or is woken early by a signal; leaves no timer behind. */
async function delay(ms: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  signal.addEventListener("abort", over.resolve as () => void);
  await over.promise;
  signal.removeEventListener("abort", over.resolve as () => void);
  clearTimeout(timer);
}
