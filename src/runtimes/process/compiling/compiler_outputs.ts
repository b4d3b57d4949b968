import { removeTree } from "../../../host/remove_tree.ts";
import type { ConfinedDirectory } from "../../../sandbox/confined_directory.ts";

/** A directory for one compiler's output. Its owner disposes of it once no program uses it; disposing removes it. */
export interface CompilerOutput extends AsyncDisposable {
  /** The directory's path on the host. */
  readonly path: string;
}

/** The directories of one environment for compilers' output. No other program of the environment sees them. */
export class CompilerOutputs {
  readonly #directory: ConfinedDirectory;
  readonly #taken = new Set<string>();

  constructor(directory: ConfinedDirectory) {
    this.#directory = directory;
  }

  /** Makes an empty directory. @throws the system's error */
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
