import { join } from "@std/path";
import type { Outcome, OutputChunk, OutputStream } from "../../src/core/execution.ts";
import { mainFileOf, unsupportedLanguage } from "../../src/core/languages.ts";
import type { ExecutionEnvironment, Program, ProgramHandle, RunOptions } from "../../src/runtimes/port.ts";
import { Workspace } from "../../src/workspace/workspace.ts";

const LANGUAGES = ["typescript", "javascript", "python"];

/** One program that a fake was asked to run. */
export interface FakeRun {
  readonly program: Program;
  readonly options: RunOptions;
}

/** An environment with real files that runs nothing: it records what it was asked to run and hands out a fake program. */
export class FakeEnvironment implements ExecutionEnvironment {
  readonly id = "env_fake";
  readonly runtime = "fake";
  readonly language = "typescript";
  readonly warm = false;
  readonly files: Workspace;
  readonly runs: FakeRun[] = [];
  readonly #parent: string;
  #removing: Promise<void> | undefined;
  readonly #start: () => Promise<ProgramHandle> | ProgramHandle;

  private constructor(parent: string, start: () => Promise<ProgramHandle> | ProgramHandle) {
    this.files = new Workspace(join(parent, "workspace"), { asideDirectory: parent });
    this.#parent = parent;
    this.#start = start;
  }

  /** A fresh one on a temporary directory, which disposing removes; `start` makes each of its programs. */
  static async create(start: () => Promise<ProgramHandle> | ProgramHandle = echoProgram): Promise<FakeEnvironment> {
    const parent = await Deno.makeTempDir();
    await Deno.mkdir(join(parent, "workspace"));
    return new FakeEnvironment(parent, start);
  }

  /** Where a file of the workspace lies on this machine. */
  hostPath(path: string): string {
    return join(this.#parent, "workspace", path);
  }

  /** Every path of the workspace, sorted; it holds files beside directories, which end in a slash. */
  async paths(directory = ""): Promise<string[]> {
    const paths: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.hostPath(directory))) {
      if (isDirectory) paths.push(`${directory}${name}/`, ...await this.paths(`${directory}${name}/`));
      else paths.push(`${directory}${name}`);
    }
    return paths.toSorted();
  }

  /** Makes files, by path, with the directories above them. */
  async fill(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(this.hostPath(path), ".."), { recursive: true });
      await Deno.writeTextFile(this.hostPath(path), text);
    }
  }

  mainFile(language: string = this.language): string {
    if (!LANGUAGES.includes(language)) throw unsupportedLanguage(language, LANGUAGES);
    return mainFileOf(language);
  }

  async run(program: Program, options: RunOptions): Promise<ProgramHandle> {
    this.runs.push({ program, options: givenOf(options) });
    return await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#removing ??= this.#remove());
  }

  async #remove(): Promise<void> {
    await this.files[Symbol.asyncDispose]();
    await Deno.remove(this.#parent, { recursive: true });
  }
}

/** A program that is what a test says; otherwise it takes any stdin, prints nothing and has exited with 0. */
export function fakeProgram(handle: Partial<ProgramHandle> = {}): ProgramHandle {
  return {
    stdin: new WritableStream(),
    output: ReadableStream.from<OutputChunk>([]),
    outcome: Promise.resolve({ kind: "exited", exitCode: 0 }),
    usage: () => ({ cpuMs: null, peakMemoryBytes: null }),
    kill: () => {},
    ...handle,
  };
}

/** A program that prints its stdin on its stdout, and exits with 0 when it ends. */
export function echoProgram(): ProgramHandle {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const { readable, writable } = new TransformStream<Uint8Array, OutputChunk>({
    transform: (bytes, controller) => controller.enqueue({ stream: "stdout", bytes }),
    flush: () => resolve({ kind: "exited", exitCode: 0 }),
  });
  return fakeProgram({ stdin: writable, output: readable, outcome: promise });
}

/** What a program printed at once. */
export function chunkOf(stream: OutputStream, text: string): OutputChunk {
  return { stream, bytes: new TextEncoder().encode(text) };
}

/** The options that are given: an undefined one is as if it were absent. */
function givenOf(options: RunOptions): RunOptions {
  const { env, limits, ...others } = options;
  return { env, limits, ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)) };
}
