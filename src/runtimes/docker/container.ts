import type { Attachment, EngineClient, ExecRequest } from "./engine_client.ts";
import { Demultiplexer } from "./demultiplexer.ts";
import { PROGRAM_USER } from "./host_config.ts";

const MAX_STDERR_BYTES = 2_000;
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
    const fed = feed(attachment, stdin, { onSourceFailure: (error) => failure = { error } });
    return { stdout: readStdout(attachment), fed, sourceFailure: () => failure };
  }

  /** Signals a process, or a group by its negative number; one that is gone is no fault. */
  async signal(signal: string, pid: number): Promise<void> {
    const argv = ["sh", "-c", 'kill -s "$1" -- "$2" 2>/dev/null', "signal", signal.replace(/^SIG/, ""), String(pid)];
    await drain(await this.run({ argv }));
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

async function* readStdout(attachment: Attachment): AsyncGenerator<Uint8Array> {
  using _owned = attachment;
  const demultiplexer = new Demultiplexer();
  let stderrBytes = 0;
  for await (const frame of attachment.frames) {
    for (const { stream, bytes } of demultiplexer.push(frame)) {
      if (stream === "stdout") yield bytes;
      else if ((stderrBytes += bytes.length) > MAX_STDERR_BYTES) return;
    }
  }
}

/** Half of what a command was to read is not to be taken for the whole: where the source fails, the command is left. */
async function feed(
  attachment: Attachment,
  stdin: ContainerCommand["stdin"],
  { onSourceFailure }: { onSourceFailure(error: unknown): void },
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
