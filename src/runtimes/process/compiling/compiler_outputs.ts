import { removeTree } from "../../../host/remove_tree.ts";
import type { ConfinedDirectory } from "../../../sandbox/confined_directory.ts";

/** A directory for what one compiler writes. Disposing removes it, once no program is at work in it. */
export interface CompilerOutput extends AsyncDisposable {
  /** Its path on the host. */
  readonly path: string;
}

/** The directories of one environment for compilers' output, which no other program of it sees. */
export class CompilerOutputs {
  readonly #directory: ConfinedDirectory;
  readonly #taken = new Set<string>();

  constructor(directory: ConfinedDirectory) {
    this.#directory = directory;
  }

  /** Makes an empty one. @throws what the system throws */
  take(): CompilerOutput {
    const name = this.#freeName();
    const path = this.#directory.makeDirectory(name);
    this.#taken.add(name);
    return {
      path,
      [Symbol.asyncDispose]: async () => {
        await removeTree(path);
        this.#taken.delete(name);
      },
    };
  }

  #freeName(): string {
    let number = 0;
    while (this.#taken.has(`build-${number}`)) number++;
    return `build-${number}`;
  }
}
