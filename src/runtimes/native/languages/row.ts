import type { DeclaredCosts } from "../../../core/capabilities.ts";
import type { PipHost } from "../../interpreters/python/pip_packages.ts";
import type { ModuleProbe, TestPrograms } from "../../process/self_test/language_tests.ts";
import type { MemoryEnding, PackageSpec, PrebuiltSpec } from "../../process/spec.ts";
import type { Waiter } from "../../process/waiter.ts";

/**
 * A language of this machine, with its command lines and its programs of the self-test.
 *
 * In a command line `{binary}` stands for the binary, `{file}` for the program's file, `{output}` for the directory of
 * the compiler's output, `{prebuilt}` for the prebuilt directory, and `{heapMb}` for the memory of a heap of fixed
 * size. The word `{sources}` stands for the other sources of the request, and `{compileArgs}` for the arguments of the
 * request, which come last where it is absent.
 */
export interface LanguageRow {
  /** The binary's names, the best first. They are searched for in the directories of this machine's packages. */
  readonly binaries: readonly [string, ...string[]];
  /** The Debian package of the binary; absent for a language that an operator adds. */
  readonly debianPackage?: string;
  /** The file name for the code of a request; absent, that of its language. */
  readonly mainFile?: string;
  /** The compiler; absent, the language needs none. */
  readonly compile?: readonly string[];
  /** The ends of the names of files that are compiled together with the program's. Absent, it is compiled alone. */
  readonly sources?: readonly string[];
  readonly run: readonly string[];
  /** The directory that is prebuilt for the compiler; absent, there is none. */
  readonly prebuilt?: PrebuiltSpec;
  /** How a process waits for its program; absent, none starts before its program is known. */
  readonly waiter?: Waiter;
  /** Whether a program takes about a second to begin on a busy machine. Absent, only a compiled program does. */
  readonly startsSlowly?: boolean;
  /** The command line of a context; absent, there are no contexts. It follows the protocol of the port's `Program`. */
  readonly interpreter?: readonly string[];
  /**
   * How packages are installed; absent, none can be. Only a language with a waiter has them, as the waiter lets
   * programs find them.
   */
  readonly packages?: (host: PipHost) => PackageSpec;
  /** Variables of every program and of its compiler, with `{output}` as in a command line. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of variables that the language sets for its programs by itself; absent, none. */
  readonly ownVariableNames?: readonly string[];
  /** Paths below `/etc` that the language needs copies of. */
  readonly etcPaths?: readonly string[];
  /** Address space that the binary reserves before its program begins, in bytes; absent, none. */
  readonly reservedDataBytes?: number;
  /** The costs of a near-empty program, where they differ from those that the runtime declares. */
  readonly costs?: DeclaredCosts;
  readonly memoryEndings: readonly MemoryEnding[];
  /** The probe for the modules that programs find; absent, they are not known. */
  readonly modules?: ModuleProbe;
  /**
   * The programs of the self-test; absent for a language that an operator adds. Shell commands alone then test the
   * layers.
   */
  readonly programs?: TestPrograms;
}
