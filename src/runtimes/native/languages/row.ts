import type { DeclaredCosts } from "../../../core/capabilities.ts";
import type { ModuleProbe, TestPrograms } from "../../process/self_test/language_tests.ts";
import type { MemoryEnding, PackageSpec, PrebuiltSpec } from "../../process/spec.ts";
import type { Waiter } from "../../process/waiter.ts";

/**
 * A language of this machine: how its programs are compiled and run, and its programs of the self-test.
 *
 * In a command line `{binary}` stands for the binary, `{file}` for the program's file, `{output}` for the directory of the
 * compiler's output, `{prebuilt}` for what was made once, and `{heapMb}` for the memory of a heap of fixed size.
 */
export interface LanguageRow {
  /** The binary's names, the best first; they are searched for in the directories of this machine's packages. */
  readonly binaries: readonly [string, ...string[]];
  /** The Debian package that has it; absent for what an operator adds. */
  readonly debianPackage?: string;
  /** The name of the file for the code of a request; absent, that of its language. */
  readonly mainFile?: string;
  /** The compiler; absent, the language needs none. */
  readonly compile?: readonly string[];
  readonly run: readonly string[];
  /** What is made once for its compiler; absent, nothing. */
  readonly prebuilt?: PrebuiltSpec;
  /** How a process of it waits for its program; absent, none starts before its program is known. */
  readonly waiter?: Waiter;
  /** Whether a program takes about a second to begin, where the machine is busy; absent, only where one is compiled. */
  readonly startsSlowly?: boolean;
  /** The command line of a context, by the protocol of the port's `Program`; absent, there are no contexts. */
  readonly interpreter?: readonly string[];
  /** How packages are installed, where it has a waiter, which lets programs find them; absent, none can be. */
  readonly packages?: (host: PackageHost) => PackageSpec;
  /** Variables of every program and of its compiler, with `{output}` as in a command line. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of variables that it sets for its programs by itself; absent, none. */
  readonly ownVariableNames?: readonly string[];
  /** Paths below `/etc` that it needs copies of. */
  readonly etcPaths?: readonly string[];
  /** Address space that it reserves before its program begins, in bytes; absent, none. */
  readonly reservedDataBytes?: number;
  /** What a near-empty program costs where that is not what the runtime declares. */
  readonly costs?: DeclaredCosts;
  readonly memoryEndings: readonly MemoryEnding[];
  /** How the binary tells which modules its programs find; absent, they are not known. */
  readonly modules?: ModuleProbe;
  /** Absent for what an operator adds: the layers are then tested by shell commands alone. */
  readonly programs?: TestPrograms;
}

/** What an installer needs to know of its host. */
export interface PackageHost {
  /** The binary of the language. @throws {CodeBeakerError} `runtime_unavailable` */
  find(): string;
  /** Where pip finds packages. */
  readonly pipIndex: string;
}
