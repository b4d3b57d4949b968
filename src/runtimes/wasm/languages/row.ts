import type { NpmPackage } from "../../ecmascript/npm_package.ts";
import type { LanguageProbe, TestPrograms } from "../../process/self_test/language_tests.ts";
import type { MemoryEnding } from "../../process/spec.ts";
import type { ProgramCanary } from "../../process/self_test/program_canary.ts";

/** JavaScript, and texts beside it, by their paths below one directory. */
export interface ModuleSet {
  /** The path of the module that begins. */
  readonly main: string;
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * A package of npm's that has parts of a language. `files` has the names of the parts by their paths in the package.
 */
export interface PartPackage extends NpmPackage {
  readonly files: Readonly<Record<string, string>>;
}

/** A language whose programs a module of WebAssembly interprets or compiles. */
export interface LanguageRow {
  /** The interpreter or the compiler, as a message names it. */
  readonly title: string;
  /** The packages of npm's that its parts come from. */
  readonly packages: readonly [PartPackage, ...PartPackage[]];
  /**
   * Makes further parts in the directory that is its argument; absent, there are none. It may read and write only that
   * directory. It runs once, outside of every request, without network.
   */
  readonly preparation?: ModuleSet;
  /** Names of the parts without which a program cannot run. */
  readonly parts: readonly string[];
  /**
   * Whether {@link host} makes a module of each program; absent, it runs the program. The module runs as those of
   * requests do.
   */
  readonly compiles?: boolean;
  /**
   * The modules inside the child of a program. Their argument is the directory of the parts; a process that waits for
   * its program has a second one.
   */
  readonly host: ModuleSet;
  /** The path of the module that begins for a context; absent, there are no contexts. */
  readonly context?: string;
  /** Memory of a process that waits, in MB. The limit of a program does not count it, and that of a compiler does. */
  readonly memoryMb: number;
  /** Flags for V8. */
  readonly v8Flags: readonly string[];
  /** Variables of every program that the request may replace. */
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryEndings: readonly MemoryEnding[];
  /** Why no packages can be installed, with a remedy. */
  readonly noPackages: string;
  readonly programs: TestPrograms;
  /** Further canaries, for features of this interpreter alone. */
  readonly canaries: readonly ProgramCanary[];
  /** The probe for the modules that programs find; absent, they are not known. */
  readonly modules?: LanguageProbe["modules"];
}
