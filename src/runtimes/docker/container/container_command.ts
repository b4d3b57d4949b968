import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import type { Attachment } from "../engine/attachment.ts";
import { Demultiplexer } from "../engine/demultiplexer.ts";

const MAX_STDERR_BYTES = 2_000;
const IDLE_TIMEOUT_MS = 20_000;

/** A command of the service in a container. */
export interface ContainerCommand {
  readonly argv: readonly string[];
  /** How long the command may neither print nor read; absent, 20 s. */
  readonly idleTimeoutMs?: number;
  /** The command's stdin; absent, empty. */
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array> | undefined;
}

/** The streams of a running command. */
export interface AttachedCommand {
  /** The command's stdout. The owner reads it to the end or cancels it. */
  readonly stdout: AsyncGenerator<Uint8Array>;
  /** Resolves when stdin is written. Rejects when its source fails, or the command does not read it. */
  readonly fed: Promise<void>;
  /** The error of the source of stdin; undefined if it had none. */
  sourceFailure(): { readonly error: unknown } | undefined;
}

/** Feeds a command its stdin, and reads its stdout. */
export function attachCommand(
  attachment: Attachment,
  { stdin, idleTimeoutMs = IDLE_TIMEOUT_MS }: Omit<ContainerCommand, "argv">,
): AttachedCommand {
  let failure: { readonly error: unknown } | undefined;
  const timeout = new IdleTimeout(attachment, idleTimeoutMs);
  const fed = feed(attachment, stdin, {
    onSourceFailure: (error) => failure = { error },
    onProgress: () => timeout.restart(),
  });
  return { stdout: readStdout(attachment, timeout), fed, sourceFailure: () => failure };
}

async function* readStdout(attachment: Attachment, timeout: IdleTimeout): AsyncGenerator<Uint8Array> {
  using _owned = attachment;
  const demultiplexer = new Demultiplexer();
  const frames = attachment.frames[Symbol.asyncIterator]();
  let stderrBytes = 0;
  for (;;) {
    const { done, value } = await timeout.bound(frames.next());
    if (done) return;
    for (const { stream, bytes } of demultiplexer.push(value)) {
      if (stream === "stdout") yield bytes;
      else if ((stderrBytes += bytes.length) > MAX_STDERR_BYTES) return;
    }
  }
}

/** Detaches from a command that makes no progress. A program in the same container can stop the command. */
class IdleTimeout {
  readonly #attachment: Attachment;
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWaiting = false;

  constructor(attachment: Attachment, ms: number) {
    this.#attachment = attachment;
    this.#ms = ms;
  }

  /** @throws {CodeBeakerError} `runtime_unavailable` when nothing comes, or the Engine is lost */
  async bound<T>(next: Promise<T>): Promise<T> {
    this.#isWaiting = true;
    this.restart();
    try {
      return await next;
    } catch (cause) {
      throw new CodeBeakerError("runtime_unavailable", `The container did not answer: ${messageOf(cause)}`, { cause });
    } finally {
      this.#isWaiting = false;
      clearTimeout(this.#timer);
    }
  }

  restart(): void {
    clearTimeout(this.#timer);
    if (this.#isWaiting) this.#timer = setTimeout(() => this.#attachment[Symbol.dispose](), this.#ms);
  }
}

/**
 * Writes a command's stdin. When its source fails, it detaches, so that the command does not take a part for the whole.
 */
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
