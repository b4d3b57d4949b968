import type { Surface } from "../../../core/needs.ts";
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

/** A package of npm's, and what of it is a part of a language: names of the parts by paths in the package. */
export interface PartPackage extends NpmPackage {
  readonly files: Readonly<Record<string, string>>;
}

/** A language whose programs run in an interpreter that is a module of WebAssembly. */
export interface LanguageRow {
  /** The interpreter, as a message names it. */
  readonly title: string;
  /** The packages of npm's that its parts come from. */
  readonly packages: readonly [PartPackage, ...PartPackage[]];
  /**
   * Makes further parts of those in the directory that is its argument, which it may read and write; absent, there are none.
   * It runs once, outside of every request, without network.
   */
  readonly preparation?: ModuleSet;
  /** Names of the parts without which a program cannot run. */
  readonly parts: readonly string[];
  /** What runs inside the child of a program: it gets the directory of the parts as its argument. */
  readonly host: ModuleSet;
  /** Memory of a process that waits, in MB: the limit of a program does not count it. */
  readonly memoryMb: number;
  /** Flags for V8. */
  readonly v8Flags: readonly string[];
  /** Variables of every program that the request may replace. */
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryEndings: readonly MemoryEnding[];
  readonly programs: TestPrograms;
  /** Further canaries, for what its interpreter has and others have not. */
  readonly canaries: readonly ProgramCanary[];
  /** How it tells which modules its programs find; absent, they are not known. */
  readonly modules?: LanguageProbe["modules"];
  /** What its programs find, where that is known without running one; absent, it is not. */
  readonly surface?: Surface;
}
