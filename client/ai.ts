/**
 * A sandbox for the AI SDK: what {@link toSandboxSession} returns is an `Experimental_SandboxSession` of `ai` 7.
 *
 * @module
 */
import { CodeBeakerError, forgive, hasCode } from "./errors.ts";
import type { Files } from "./files.ts";
import { endingNote, markedText } from "./printed_text.ts";
import type { Program } from "./program.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Execution } from "./types.ts";

/** A path, and a signal that ends the operation on it. */
export interface PathOptions {
  readonly path: string;
  readonly abortSignal?: AbortSignal | undefined;
}

/** How a command runs. */
export interface ProcessOptions {
  /** A line for the shell. */
  readonly command: string;
  readonly workingDirectory?: string | undefined;
  readonly env?: Record<string, string> | undefined;
  /** Ends the command. */
  readonly abortSignal?: AbortSignal | undefined;
}

/** How a program ended. One that did not exit by itself has 124 after its time limit, else 137. */
export interface ProcessEnd {
  readonly exitCode: number;
}

/**
 * A running command. Its output is text in UTF-8; other bytes come as U+FFFD. A stream that misses bytes, which a command
 * prints faster than they are sent, fails with `stream_lost`.
 */
export interface SandboxProcess {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  wait(): Promise<ProcessEnd>;
  kill(): Promise<void>;
}

/** A running command with open stdin, which takes text in UTF-8. */
export interface WritableSandboxProcess extends SandboxProcess {
  readonly stdin: WritableStream<Uint8Array>;
}

/** Starts a command. */
export interface Spawn {
  (options: ProcessOptions & { readonly stdin: true }): Promise<WritableSandboxProcess>;
  (options: ProcessOptions & { readonly stdin?: false | undefined }): Promise<SandboxProcess>;
  (
    options: ProcessOptions & { readonly stdin?: boolean | undefined },
  ): Promise<SandboxProcess | WritableSandboxProcess>;
}

/** The sandbox session of the AI SDK. A missing file is null. */
export interface SandboxSession {
  readonly description: string;
  readFile(options: PathOptions): Promise<ReadableStream<Uint8Array> | null>;
  readBinaryFile(options: PathOptions): Promise<Uint8Array | null>;
  readTextFile(options: ReadTextOptions): Promise<string | null>;
  writeFile(options: PathOptions & { readonly content: ReadableStream<Uint8Array> }): Promise<void>;
  writeBinaryFile(options: PathOptions & { readonly content: Uint8Array }): Promise<void>;
  writeTextFile(
    options: PathOptions & { readonly content: string; readonly encoding?: string | undefined },
  ): Promise<void>;
  stat(options: PathOptions): Promise<FileStat | null>;
  listDirectory(options: PathOptions): Promise<DirectoryEntry[] | null>;
  deleteFile(options: PathOptions): Promise<boolean>;
  readonly spawn: Spawn;
  run(options: ProcessOptions): Promise<ProcessEnd & { readonly stdout: string; readonly stderr: string }>;
}

/** What is read of a text file: all, or lines that are counted from 1. */
export interface ReadTextOptions extends PathOptions {
  readonly encoding?: string | undefined;
  readonly startLine?: number | undefined;
  readonly endLine?: number | undefined;
}

/** What is at a path. Only a file has a size. */
export interface FileStat {
  readonly type: "file" | "directory" | "other";
  readonly size: number;
}

/** An entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "other";
}

/**
 * Adapts a sandbox for `experimental_sandbox` of the AI SDK.
 *
 * @param options.timeoutMs longest time of a command in ms, at most 300,000; default: the sandbox's, or 10,000
 */
export function toSandboxSession(
  sandbox: Sandbox,
  { timeoutMs }: { readonly timeoutMs?: number | undefined } = {},
): SandboxSession {
  const { commands, files, info } = sandbox;
  const toCommand = ({ command, env, workingDirectory }: ProcessOptions) => ({
    command,
    env,
    workingDirectory,
    timeoutMs,
  });
  const spawn = async ({ abortSignal: signal, stdin = false, ...options }: ProcessOptions & { stdin?: boolean }) => {
    signal?.throwIfAborted();
    const program = await commands.start({ ...toCommand(options), ...(stdin ? {} : { stdin: "" }) }, { signal });
    const spawned = follow(program, signal);
    return stdin ? { ...spawned, stdin: toInput(program) } : spawned;
  };
  return {
    description: `A sandbox on Linux for ${info.language}. Commands start in the directory of its files, /workspace.`,
    readFile: ({ path, abortSignal: signal }) => unlessMissing(files.stream(path, { signal })),
    readBinaryFile: ({ path, abortSignal: signal }) => unlessMissing(files.readBytes(path, { signal })),
    async readTextFile({ path, abortSignal: signal, encoding = "utf-8", startLine = 1, endLine }) {
      const bytes = await unlessMissing(files.readBytes(path, { signal }));
      if (bytes === null) return null;
      const text = new TextDecoder(encoding).decode(bytes);
      return startLine === 1 && endLine === undefined
        ? text
        : text.split("\n").slice(startLine - 1, endLine).join("\n");
    },
    writeFile: ({ path, content, abortSignal: signal }) => files.write(path, content, { signal }),
    writeBinaryFile: ({ path, content, abortSignal: signal }) => files.write(path, content, { signal }),
    async writeTextFile({ path, content, encoding = "utf-8", abortSignal: signal }) {
      if (!/^utf-?8$/i.test(encoding)) throw new RangeError(`Texts are written in UTF-8 alone, and not in ${encoding}`);
      await files.write(path, content, { signal });
    },
    stat: (options) => stat(files, options),
    async listDirectory({ path, abortSignal: signal }) {
      const entries = await unlessMissing(files.list(path, { includeHidden: true, signal }));
      return entries?.map(({ name, type }) => ({ name, type })) ?? null;
    },
    async deleteFile({ path, abortSignal: signal }) {
      if (await isDirectory(files, { path, abortSignal: signal })) {
        throw new CodeBeakerError("invalid_request", `Cannot delete ${JSON.stringify(path)} as it is a directory`);
      }
      return await unlessMissing(files.delete(path, { signal }).then(() => true)) ?? false;
    },
    spawn: spawn as Spawn,
    async run({ abortSignal: signal, ...options }) {
      const execution = await commands.run(toCommand(options), { signal });
      const [stdout, stderr] = [markedText(execution, "stdout"), markedText(execution, "stderr")];
      const note = endingNote(execution);
      return { exitCode: exitCodeOf(execution), stdout, stderr: note === "" ? stderr : `${stderr}\n${note}\n` };
    },
  };
}

/** Reads the events of a program once, into both of its streams. */
function follow(program: Program, signal: AbortSignal | undefined): SandboxProcess {
  const encoder = new TextEncoder();
  const sides = new Map<"stdout" | "stderr", ReadableStreamDefaultController<Uint8Array>>();
  const open = (name: "stdout" | "stderr") =>
    new ReadableStream<Uint8Array>({
      start: (controller) => void sides.set(name, controller),
      cancel: () => void sides.delete(name),
    });
  const [stdout, stderr] = [open("stdout"), open("stderr")];
  const ended = (async (): Promise<ProcessEnd> => {
    try {
      for await (const { data, event } of program.events({ signal })) {
        if (event === "stdout" || event === "stderr") sides.get(event)?.enqueue(encoder.encode(data.text));
        if (event === "dropped") {
          for (const [name, side] of sides) {
            if (data[name] === 0) continue;
            side.error(missingBytes(name, data[name]));
            sides.delete(name);
          }
        }
        if (event === "completed") {
          sides.forEach((side) => side.close());
          return { exitCode: exitCodeOf(data) };
        }
      }
      throw new Error(`The events of ${program.id} have no end`);
    } catch (error) {
      sides.forEach((side) => side.error(error));
      if (signal?.aborted) await program.kill().catch(() => {}); // The caller gets the first error.
      throw error;
    }
  })();
  ended.catch(() => {}); // Without a call of `wait`, an error would be an unhandled rejection.
  return { stdout, stderr, wait: () => ended, kill: () => program.kill() };
}

function toInput(program: Program): WritableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const write = (text: string) => text === "" ? Promise.resolve() : program.write(text);
  return new WritableStream({
    write: (bytes) => write(decoder.decode(bytes, { stream: true })),
    async close() {
      await write(decoder.decode());
      await program.closeStdin();
    },
    abort: () => program.closeStdin(),
  });
}

function exitCodeOf({ exitCode, outcome }: Execution): number {
  return exitCode ?? (outcome.kind === "timed_out" ? 124 : 137);
}

/** The error of a stream that misses bytes. A mark in it would be taken for bytes of the command. */
function missingBytes(name: string, count: number): CodeBeakerError {
  const advice = "let the command write it to a file, or raise limits.maxOutputBytes of the sandbox";
  return new CodeBeakerError("stream_lost", `${count} bytes of ${name} came too fast and are lost: ${advice}`);
}

/** Describes what is at a path. A symlink is followed. */
async function stat(files: Files, { path, abortSignal: signal }: PathOptions): Promise<FileStat | null> {
  try {
    const size = await files.size(path, { signal });
    return size === undefined ? null : { type: "file", size };
  } catch (error) {
    if (!hasCode(error, "invalid_request")) throw error;
    if (error.message.endsWith("(other)")) return { type: "other", size: 0 };
    await forgive(files.list(path, { signal }), "too_large"); // This throws unless it is a directory.
    return { type: "directory", size: 0 };
  }
}

/** Whether a path is a directory itself, and no symlink to one. */
async function isDirectory(files: Files, { path, abortSignal: signal }: PathOptions): Promise<boolean> {
  const found = await stat(files, { path, abortSignal: signal }).catch((error) => {
    if (!hasCode(error, "permission_denied")) throw error;
    return null; // A symlink that leads out of the workspace is no directory.
  });
  if (found?.type !== "directory") return false;
  const [, parent = ".", name] = /^(?:(.*)\/)?([^/]+)\/*$/s.exec(path) ?? [];
  const entries = await files.list(parent, { includeHidden: true, pattern: name, signal });
  return !entries.some((entry) => entry.name === name && entry.type === "symlink");
}

async function unlessMissing<Found>(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found;
  } catch (error) {
    if (hasCode(error, "not_found")) return null;
    throw error;
  }
}
