import { join, toFileUrl } from "@std/path";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { RESERVED_BYTES } from "../../src/runtimes/deno/memory.ts";
import { Confinement } from "../../src/sandbox/confinement.ts";
import { releaseOrphans } from "../../src/sandbox/orphans.ts";
import type { ConfinedDirectory } from "../../src/sandbox/confined_directory.ts";
import { Scratch } from "../../src/host/scratch.ts";
import { spawnGroup } from "../../src/process/spawn.ts";
import { bareEnvironment, bareFlags } from "../cold_start_bench.ts";
import { PROGRAMS } from "../programs.ts";

/** Bare `deno run`s under every layer that the service puts around its own programs, each in a directory of its own. */
export class LayeredRuns implements AsyncDisposable {
  readonly #scratch: Scratch;
  readonly #confinement: Confinement;
  #round = 0;

  private constructor(scratch: Scratch, confinement: Confinement) {
    this.#scratch = scratch;
    this.#confinement = confinement;
  }

  static async open(): Promise<LayeredRuns> {
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(await Scratch.open("/tmp", { release: releaseOrphans }));
    const confinement = await Confinement.detect(scratch.path);
    stack.move();
    return new LayeredRuns(scratch, confinement);
  }

  /** Creates the directory and the file, runs it, and removes them, as the service does. */
  async run(): Promise<void> {
    await using directory = this.#confinement.makeDirectory(
      join(this.#scratch.path, `run_${this.#round++}`),
      DEFAULT_LIMITS,
    );
    for (const name of ["workspace", "tmp", "deno_dir"]) directory.makeDirectory(name);
    const main = join(directory.path, "workspace", "main.ts");
    await Deno.writeTextFile(main, PROGRAMS.typescript);
    directory.own(main);
    const confined = this.#confine(main, directory);
    const child = spawnGroup(confined);
    await child.stdin.close();
    const { stderr, success } = await child.output();
    await confined.processes.end();
    if (!success) throw new Error(`The run under every layer failed: ${new TextDecoder().decode(stderr)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#confinement[Symbol.dispose]();
    await this.#scratch[Symbol.asyncDispose]();
  }

  #confine(main: string, directory: ConfinedDirectory) {
    const binary = this.#confinement.reachable(Deno.execPath());
    return this.#confinement.confine({
      argv: [binary, "run", ...bareFlags(directory.path), toFileUrl(main).href],
      cwd: directory.path,
      mounts: [
        { source: directory.path, target: directory.path, access: "write" },
        { source: binary, target: binary, access: "execute" },
      ],
      directory,
      limits: DEFAULT_LIMITS,
      reservedDataBytes: RESERVED_BYTES,
      hasNetwork: false,
      startsOthers: false,
      variables: bareEnvironment(directory.path),
    });
  }
}
