import type { OutputStream } from "../../../../src/core/execution.ts";
import launchScript from "../../../../src/runtimes/docker/program/launch.sh" with { type: "text" };
import { readLauncherOutput } from "../../../../src/runtimes/docker/program/launcher_output.ts";
import { removeTree } from "../../../../src/host/remove_tree.ts";
import { frame } from "../engine/frames.ts";

/** What one run of the launcher is asked for. */
export interface LauncherRequest {
  readonly run: readonly string[];
  readonly compile?: readonly string[];
  readonly directory?: string;
  /** Whether it is told on stdin what to run. */
  readonly waits?: boolean;
  /** A file that its interpreter finds, which waits; `run` is that interpreter. */
  readonly hook?: { readonly path: string; readonly text: string };
  /** Variables of the container. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The launcher of a container, as a process of this machine that leads a group of its own. */
export class LauncherProcess implements AsyncDisposable {
  /** What was printed, what the launcher told left out. */
  readonly printed: Record<OutputStream, string> = { stdout: "", stderr: "" };
  /** What the launcher told, by stream: a line for each. */
  readonly told: Record<OutputStream, string[]> = { stdout: [], stderr: [] };
  /** Settles when nobody can print any more. */
  readonly over: Promise<void>;
  readonly pid: number;
  /** Where a compiler may leave what it makes; the launcher makes and removes it. */
  readonly output = `/tmp/codebeaker-launch-${crypto.randomUUID()}`;
  /** What it is to do, as its words. */
  readonly words: readonly string[];
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #watchers = new Set<() => void>();

  /** @param shell what reads the script, `sh` of an image in a container */
  constructor(shell: string, { run, compile = [], directory = "/", hook, variables, waits = false }: LauncherRequest) {
    const compiler = compile.map((word) => word === "{output}" ? this.output : word);
    this.words = ["0", this.output, directory, String(compiler.length), ...compiler, ...run];
    const given = hook === undefined ? this.words : ["-", directory, hook.path, hook.text, ...run];
    const argv = [shell, "-c", launchScript, "launch", ...(waits ? [] : given)];
    this.#child = new Deno.Command("setsid", {
      args: argv,
      clearEnv: true,
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...variables },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#stdin = this.#child.stdin.getWriter();
    this.over = this.#read();
  }

  /** Writes to the launcher; what it does not read it need not. */
  async write(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text)).catch(() => {}); // It has ended: that is what is looked at.
  }

  async closeStdin(): Promise<void> {
    await this.#stdin.close().catch(() => {}); // As above.
  }

  /** Waits until something holds, which is looked at whenever something was printed. */
  async until(holds: (launcher: this) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => holds(this) ? resolve() : undefined;
    this.#watchers.add(look);
    look();
    await Promise.race([
      promise,
      this.over.then(() => {
        if (!holds(this)) throw new Error(`The launcher ended: ${JSON.stringify([this.told, this.printed])}`);
      }),
    ]);
    this.#watchers.delete(look);
  }

  async exitCode(): Promise<number> {
    return (await this.#child.status).code;
  }

  /** Signals the launcher and everything of its process group. */
  signal(signal: Deno.Signal): void {
    Deno.kill(-this.pid, signal);
  }

  /** Ends everything that the launcher has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.kill(-this.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await this.closeStdin();
    await this.#child.status;
    await this.over;
    for (const left of [this.output, `/tmp/.ended-${this.pid}`]) await removeTree(left); // It was killed before it could.
  }

  async #read(): Promise<void> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const pass = async (stream: OutputStream) => {
      for await (const bytes of this.#child[stream]) await writer.write(frame(stream, bytes));
    };
    const passing = Promise.all([pass("stdout"), pass("stderr")]).then(() => writer.close());
    for await (const item of readLauncherOutput(readable, SECRET)) {
      if ("words" in item) this.told[item.stream].push(item.words.join(" "));
      else this.printed[item.stream] += new TextDecoder().decode(item.bytes);
      for (const look of this.#watchers) look();
    }
    await passing;
  }
}

/** The secret of every launcher here. */
export const SECRET = "0f9b1c2d-secret";

/** Starts a launcher and tells it its secret, as the service does. */
export async function launch(request: LauncherRequest, shell = "dash"): Promise<LauncherProcess> {
  const launcher = new LauncherProcess(shell, request);
  await launcher.write(`${SECRET}\n`);
  return launcher;
}
