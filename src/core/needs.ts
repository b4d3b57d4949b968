/**
 * Kinds of needs. A `builtin` is a module of the runtime, a `package` comes from a registry, a `url` from the web, a
 * `module` is one of Python, and `types` is TypeScript that cannot run by erasing its types.
 */
export type NeedKind = "global" | "builtin" | "package" | "url" | "module" | "syntax" | "types";

/** The resource beside memory that a need uses. */
export type NeedEffect = "process" | "socket" | "thread" | "file";

/** A feature that a program uses and that some runtime of its language lacks. */
export interface Need {
  readonly kind: NeedKind;
  /** The name as the program spells it: `Bun.file`, `node:fs`, `npm:chalk`, `numpy`, `enum`. */
  readonly name: string;
  /** Absent where no effect is known. */
  readonly effect?: NeedEffect;
  /** The file and line of the first use. */
  readonly file: string;
  readonly line: number;
  /** Whether the program cannot begin without it: nothing runs before the use. */
  readonly certain: boolean;
}

/** The needs of a program, as far as its text shows. */
export interface Needs {
  /** Whether `uses` lists every need. */
  readonly known: boolean;
  /** Why `uses` may be incomplete; absent when `known`. */
  readonly reason?: string;
  readonly uses: readonly Need[];
}

/** The features that programs in one language find on a runtime. */
export interface Surface {
  /**
   * Whether the runtime has everything that the language promises. Where it has not, a program runs only if its needs
   * are known and met.
   */
  readonly isWhole: boolean;
  /** Whether the runtime has the needed feature; undefined where that is not known. */
  has(need: Need): boolean | undefined;
  /** Whether a feature shows that a program is written for this runtime; absent, none does. */
  isOwn?(need: Need): boolean;
  /**
   * Whether a feature shows that a program is written for another runtime. Such a program does not run here, not even
   * where no other runtime has its language. Absent, none does.
   */
  isForeign?(need: Need): boolean;
  /**
   * Whether the machine may get more features while the service runs. Where true, the service asks the runtime again;
   * absent means false.
   */
  readonly mayGrow?: boolean;
  /** What to install or to change on this machine where a feature is missing. */
  readonly remedy?: string;
}

/** Whether a need belongs to a runtime's global or modules. `Bun.file` and `bun:sqlite` belong to `Bun`. */
export function isNeedOf({ kind, name }: Need, global: string): boolean {
  if (kind === "global") return name === global || name.startsWith(`${global}.`);
  const module = global.toLowerCase();
  return kind === "builtin" && (name === module || name.startsWith(`${module}:`));
}

/** Formats a need with its file and line. */
export function describeNeed({ file, line, name }: Need): string {
  return `${name} (${file}:${line})`;
}
