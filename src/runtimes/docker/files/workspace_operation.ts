import type { Container, RunningCommand } from "../container/container.ts";
import { LineReader } from "../engine/line_reader.ts";
import { answerTooLong, cutOff, notRead, operationError, type OperationPaths } from "./operation_errors.ts";
import workspaceScript from "./workspace.sh" with { type: "text" };

/** The longest answer of an operation that neither reads nor lists. */
const MAX_ANSWER_LENGTH = 65_536;
/**
 * How long output may wait for its reader. The buffers of a slow client are such a reader too. The next program in the
 * container waits for the operation's end.
 */
const READER_TIMEOUT_MS = 60_000;

/** One run of `workspace.sh`, by its words. */
export interface Operation extends OperationPaths {
  readonly words: readonly string[];
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array>;
}

/** An operation after its "ok". */
export interface BegunOperation {
  readonly lines: LineReader;
  readonly command: RunningCommand;
}

/** Begins an operation. @throws {CodeBeakerError} the operation's own error, or that of the source of its stdin */
export async function beginOperation(
  container: Container,
  { words, stdin, ...paths }: Operation,
): Promise<BegunOperation> {
  const command = await container.run({ argv: ["sh", "-c", workspaceScript, "workspace", ...words], stdin });
  const lines = new LineReader(command.stdout);
  command.fed.catch(() => {}); // An operation that refuses does not read its stdin.
  const answer = await lines.line().catch((error: unknown) => {
    throw command.sourceFailure()?.error ?? error;
  });
  if (answer === "ok") return { lines, command };
  await lines.close();
  throw command.sourceFailure()?.error ?? operationError(answer, paths);
}

/** Runs an operation to its end; returns its output after the "ok". */
export async function runOperation(container: Container, operation: Operation): Promise<string> {
  const { lines } = await beginOperation(container, operation);
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of lines.chunks()) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > MAX_ANSWER_LENGTH) throw answerTooLong(operation.path);
    }
  } finally {
    await lines.close();
  }
  return text;
}

/**
 * Begins an operation that prints its process group after the "ok". Returns the output after that; cancelling it kills
 * the group, and so does a reader that requests nothing for long.
 */
export async function streamOperation(
  container: Container,
  operation: Operation,
  { onEnd, readerTimeoutMs = READER_TIMEOUT_MS }: { onEnd(): void; readonly readerTimeoutMs?: number },
): Promise<ReadableStream<Uint8Array>> {
  const { lines, command } = await beginOperation(container, operation);
  const pid = Number(await lines.line());
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function end(): Promise<void> {
    clearTimeout(timer);
    try {
      await lines.close();
      if (Number.isInteger(pid) && pid > 1) await container.signal("SIGKILL", -pid);
    } finally {
      onEnd();
    }
  }
  function awaitReader(controller: ReadableStreamDefaultController<Uint8Array>): void {
    timer = setTimeout(() => {
      controller.error(notRead(operation.path));
      end().catch(() => {}); // The Engine is lost, and the container with it.
    }, readerTimeoutMs);
  }
  return new ReadableStream<Uint8Array>({
    start: awaitReader,
    async pull(controller) {
      clearTimeout(timer);
      const bytes = await lines.rest().catch((error: unknown) => {
        onEnd();
        throw error;
      });
      if (bytes !== undefined) {
        controller.enqueue(bytes);
        return awaitReader(controller);
      }
      onEnd();
      if (!await command.hasSucceeded()) throw cutOff(operation.path);
      controller.close();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
