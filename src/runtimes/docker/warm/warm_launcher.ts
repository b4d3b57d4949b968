import { concatBytes } from "../../../core/bytes/bytes.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { OutputChunk } from "../../../core/execution.ts";
import type { Program } from "../../port.ts";
import { encodeHandshake, type Handshake, type Launcher } from "../program/launcher.ts";
import type { Attachment } from "../engine/attachment.ts";
import { launcherWords, type LaunchOptions, lineOf, runLine } from "../program/launcher_command.ts";
import { type LauncherEvent, readLauncherOutput } from "../program/launcher_output.ts";
import type { Files, WrittenFile } from "../files/pending_files.ts";
import { canWriteFiles, encodeMessage } from "./warm_interpreter.ts";
import { BLOCK_BYTES, packArchive } from "../program/file_archive.ts";

/** How long a launcher may take to answer. */
const ANSWER_MS = 15_000;
/** How long a launcher may take to end. */
const END_MS = 1_000;
/** How much of an interpreter's error goes into a message. */
const MAX_ERROR_LENGTH = 500;

/** A launcher, with its interpreter if it has one, that waits for a program. Disposing detaches from it. */
export class WarmLauncher implements Disposable {
  /** Whether an interpreter waits in it. */
  readonly hasInterpreter: boolean;
  readonly #launcher: Launcher;
  /** The launcher's next output, which is its end unless it answers a request. */
  #next: Promise<IteratorResult<OutputChunk | LauncherEvent>>;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #isAlive = true;

  private constructor(launcher: Launcher, { hasInterpreter }: Pick<WarmLauncher, "hasInterpreter">) {
    this.hasInterpreter = hasInterpreter;
    this.#launcher = launcher;
    this.#next = this.#listen();
  }

  /**
   * Waits until a launcher and its interpreter are warm. After an error the caller still owns the attachment.
   *
   * @param options.onNoInterpreter is called when the interpreter failed to become warm
   * @throws {CodeBeakerError} `runtime_unavailable` with the output of the interpreter
   */
  static async warmUp(
    attachment: Attachment,
    { handshake, hasInterpreter, onNoInterpreter }: {
      readonly handshake: Handshake;
      readonly hasInterpreter: boolean;
      onNoInterpreter(): void;
    },
  ): Promise<WarmLauncher> {
    const { secret } = handshake;
    using _deadline = detachAfter(attachment, ANSWER_MS);
    await send(attachment, [encodeHandshake(handshake)]);
    const items = readLauncherOutput(attachment.frames, secret);
    const pid = await readPid(items, { hasInterpreter, onNoInterpreter });
    return new WarmLauncher({ attachment, secret, items, pid }, { hasInterpreter });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether it can run a program. An interpreter runs only files. */
  canRun({ kind }: Program): boolean {
    return this.#isAlive && (!this.hasInterpreter || kind === "file");
  }

  /** Writes a file of the workspace. Returns false if it has to be written another way. */
  write(file: WrittenFile): Promise<boolean> {
    const written = this.#lastWrite.then(() => this.#write(file));
    this.#lastWrite = written.catch(() => {}); // The caller gets the error.
    return written;
  }

  /** Hands the launcher over to the caller. */
  async take(): Promise<Launcher> {
    await this.#lastWrite;
    return { ...this.#launcher, items: resume(this.#next, this.#launcher.items) };
  }

  /** Ends it and waits for its end. */
  async end(): Promise<void> {
    const { attachment, items } = this.#launcher;
    using _deadline = detachAfter(attachment, END_MS);
    this.#isAlive = false;
    try {
      await this.#lastWrite;
      await attachment.stdin.close();
      for await (const _item of resume(this.#next, items));
    } catch {
      // It is gone, or did not end in time.
    } finally {
      attachment[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#isAlive = false;
    this.#launcher.attachment[Symbol.dispose]();
  }

  async #write({ content, name }: WrittenFile): Promise<boolean> {
    if (!this.#isAlive) return false;
    const { attachment } = this.#launcher;
    using _deadline = detachAfter(attachment, ANSWER_MS);
    try {
      await send(attachment, [new TextEncoder().encode(`write ${content.length} ${name}\n`), content]);
      const { done, value } = await this.#next;
      if (done || !isAnswer(value)) return false;
      this.#next = this.#listen();
      return value.words[1] === "0";
    } catch {
      return false; // The launcher is gone.
    }
  }

  #listen(): Promise<IteratorResult<OutputChunk | LauncherEvent>> {
    const next = this.#launcher.items.next();
    next.then(({ done, value }) => {
      if (done || !isAnswer(value)) this.#isAlive = false;
    }, () => this.#isAlive = false);
    return next;
  }
}

function isAnswer(item: OutputChunk | LauncherEvent): item is LauncherEvent {
  return "words" in item && item.words[0] === "written";
}

async function send({ stdin }: Attachment, parts: readonly Uint8Array[]): Promise<void> {
  const writer = stdin.getWriter();
  try {
    for (const part of parts) await writer.write(part);
  } finally {
    writer.releaseLock();
  }
}

/** Detaches after this time, unless disposed of before. */
function detachAfter(attachment: Attachment, ms: number): Disposable {
  const timer = setTimeout(() => attachment[Symbol.dispose](), ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Encodes a program for a warm launcher that can run it. */
export async function encodeProgram(
  { hasInterpreter }: Pick<WarmLauncher, "hasInterpreter">,
  program: Program,
  { env, files, spec }: Pick<LaunchOptions, "env" | "spec"> & { readonly files: Files },
): Promise<Uint8Array[]> {
  const encoder = new TextEncoder();
  const isInMessage = hasInterpreter && canWriteFiles(files);
  const archive = isInMessage ? new Uint8Array() : await packArchive(files);
  const blocks = archive.length / BLOCK_BYTES;
  if (!hasInterpreter || program.kind !== "file") {
    return [encoder.encode(lineOf(launcherWords(program, { spec, env, blocks }))), archive];
  }
  const argv = runLine(program, spec);
  const message = encodeMessage({ env, files: isInMessage ? files : new Map(), argv });
  return [concatBytes([encoder.encode(`${blocks} ${message.length}\n`), archive, message])];
}

/** Reads the process id of a launcher, and waits until its interpreter is warm. */
async function readPid(
  items: Launcher["items"],
  { hasInterpreter, onNoInterpreter }: { readonly hasInterpreter: boolean; onNoInterpreter(): void },
): Promise<number> {
  let pid: number | undefined;
  let isWarm = !hasInterpreter;
  while (pid === undefined || !isWarm) {
    const { done, value } = await items.next();
    if (done) throw new CodeBeakerError("runtime_unavailable", "A launcher ended before it was warm");
    if ("words" in value) {
      if (value.words[0] === "launched") pid = Number(value.words[1]);
      continue;
    }
    isWarm = value.stream === "stdout"; // On stderr it reports why it cannot be.
    if (isWarm) continue;
    onNoInterpreter();
    const error = new TextDecoder().decode(value.bytes).slice(0, MAX_ERROR_LENGTH).trim();
    throw new CodeBeakerError("runtime_unavailable", `An interpreter could not become warm: ${error}`);
  }
  return pid;
}

/** Continues a generator of which the next item is already requested. */
async function* resume<Item>(first: Promise<IteratorResult<Item>>, rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  const { done, value } = await first;
  if (done) return;
  yield value;
  yield* rest;
}
