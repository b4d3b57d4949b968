import { concatBytes } from "../../../core/bytes/bytes.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { OutputChunk } from "../../../core/execution.ts";
import type { Program } from "../../port.ts";
import { encodeHandshake, type Handshake, type Launcher } from "../program/attached_launcher.ts";
import type { Attachment } from "../engine/attachment.ts";
import { BLOCK_BYTES, launcherWords, type LaunchOptions, lineOf, packArchive, runLine } from "../program/launcher.ts";
import { type LauncherEvent, readLauncherOutput } from "../program/launcher_output.ts";
import type { Files, WrittenFile } from "../files/pending_files.ts";
import { encodeMessage, takesFiles } from "./warm_interpreter.ts";

const PATIENCE_MS = 15_000;
/** How long one is waited for that is to end. */
const END_MS = 1_000;
const MAX_SAID = 500;

/** A launcher that has not been told what to run, and is looked after until then. Disposing leaves it to its end. */
export class WarmLauncher implements Disposable {
  /** Whether it is an interpreter that waits, and no launcher alone. */
  readonly hasInterpreter: boolean;
  readonly #launcher: Launcher;
  /** What it says next: its end, unless it is asked for something. */
  #next: Promise<IteratorResult<OutputChunk | LauncherEvent>>;
  #turn: Promise<unknown> = Promise.resolve();
  #isAlive = true;

  private constructor(launcher: Launcher, { hasInterpreter }: Pick<WarmLauncher, "hasInterpreter">) {
    this.hasInterpreter = hasInterpreter;
    this.#launcher = launcher;
    this.#next = this.#listen();
  }

  /**
   * Waits until a launcher is ready, with its interpreter where it has one. Where this throws the attachment remains
   * the caller's.
   *
   * @param options.onNoInterpreter is told that the interpreter has not waited
   * @throws {CodeBeakerError} `runtime_unavailable` that says what it said instead
   */
  static async ready(
    attachment: Attachment,
    { handshake, hasInterpreter, onNoInterpreter }: {
      readonly handshake: Handshake;
      readonly hasInterpreter: boolean;
      onNoInterpreter(): void;
    },
  ): Promise<WarmLauncher> {
    const { secret } = handshake;
    using _patience = leaveAfter(attachment, PATIENCE_MS);
    await tell(attachment, [encodeHandshake(handshake)]);
    const items = readLauncherOutput(attachment.frames, secret);
    const pid = await heardOf(items, { hasInterpreter, onNoInterpreter });
    return new WarmLauncher({ attachment, secret, items, pid }, { hasInterpreter });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether it can run such a program. An interpreter runs files. */
  canRun({ kind }: Program): boolean {
    return this.#isAlive && (!this.hasInterpreter || kind === "file");
  }

  /** Writes a file of the workspace; tells whether it could, which another way may. */
  write(file: WrittenFile): Promise<boolean> {
    const written = this.#turn.then(() => this.#write(file));
    this.#turn = written.catch(() => {}); // Its caller is told.
    return written;
  }

  /** It is the caller's from now on. */
  async take(): Promise<Launcher> {
    await this.#turn;
    return { ...this.#launcher, items: resume(this.#next, this.#launcher.items) };
  }

  /** Has it end, and waits for that. */
  async end(): Promise<void> {
    const { attachment, items } = this.#launcher;
    using _left = leaveAfter(attachment, END_MS);
    this.#isAlive = false;
    try {
      await this.#turn;
      await attachment.stdin.close();
      for await (const _said of resume(this.#next, items));
    } catch {
      // It is gone, or was waited for long enough.
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
    using _patience = leaveAfter(attachment, PATIENCE_MS);
    try {
      await tell(attachment, [new TextEncoder().encode(`write ${content.length} ${name}\n`), content]);
      const { done, value } = await this.#next;
      if (done || !isAnswer(value)) return false;
      this.#next = this.#listen();
      return value.words[1] === "0";
    } catch {
      return false; // It is gone.
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

async function tell({ stdin }: Attachment, parts: readonly Uint8Array[]): Promise<void> {
  const writer = stdin.getWriter();
  try {
    for (const part of parts) await writer.write(part);
  } finally {
    writer.releaseLock();
  }
}

/** Leaves an attachment unless the returned is disposed of in time. */
function leaveAfter(attachment: Attachment, ms: number): Disposable {
  const timer = setTimeout(() => attachment[Symbol.dispose](), ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** What a launcher that waits is told, for a program that it can run. */
export async function orderFor(
  { hasInterpreter }: Pick<WarmLauncher, "hasInterpreter">,
  program: Program,
  { env, files, spec }: Pick<LaunchOptions, "env" | "spec"> & { readonly files: Files },
): Promise<Uint8Array[]> {
  const encoder = new TextEncoder();
  const isGiven = hasInterpreter && takesFiles(files);
  const archive = isGiven ? new Uint8Array() : await packArchive(files);
  const blocks = archive.length / BLOCK_BYTES;
  if (!hasInterpreter || program.kind !== "file") {
    return [encoder.encode(lineOf(launcherWords(program, { spec, env, blocks }))), archive];
  }
  const argv = runLine(program, spec);
  const message = encodeMessage({ env, files: isGiven ? files : new Map(), argv });
  return [concatBytes([encoder.encode(`${blocks} ${message.length}\n`), archive, message])];
}

/** Its process, when it has told that, and its interpreter that it waits, of which nothing but that is to be heard. */
async function heardOf(
  items: Launcher["items"],
  { hasInterpreter, onNoInterpreter }: { readonly hasInterpreter: boolean; onNoInterpreter(): void },
): Promise<number> {
  let pid: number | undefined;
  let waits = !hasInterpreter;
  while (pid === undefined || !waits) {
    const { done, value } = await items.next();
    if (done) throw new CodeBeakerError("runtime_unavailable", "A launcher ended before it could wait");
    if ("words" in value) {
      if (value.words[0] === "launched") pid = Number(value.words[1]);
      continue;
    }
    waits = value.stream === "stdout";
    if (waits) continue;
    onNoInterpreter();
    const said = new TextDecoder().decode(value.bytes).slice(0, MAX_SAID).trim();
    throw new CodeBeakerError("runtime_unavailable", `The interpreter does not wait: ${said}`);
  }
  return pid;
}

async function* resume<Item>(first: Promise<IteratorResult<Item>>, rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  const { done, value } = await first;
  if (done) return;
  yield value;
  yield* rest;
}
