/**
 * What a need names. A `builtin` is a module of the runtime, a `package` one of a registry, a `url` one of the web, a
 * `module` one of Python, and `types` is TypeScript that cannot be run by erasing types.
 */
export type NeedKind = "global" | "builtin" | "package" | "url" | "module" | "syntax" | "types";

/** What a need acts on beside memory. */
export type NeedEffect = "process" | "socket" | "thread" | "file";

/** Something that a program uses and that not every runtime of its language has. */
export interface Need {
  readonly kind: NeedKind;
  /** As the program has it: `Bun.file`, `node:fs`, `npm:chalk`, `numpy`, `enum`. */
  readonly name: string;
  /** Absent where none is known. */
  readonly effect?: NeedEffect;
  /** Where it is seen first. */
  readonly file: string;
  readonly line: number;
  /** Whether the program does nothing at all where this is missing: nothing runs before it. */
  readonly certain: boolean;
}

/** What a program needs, as far as its text tells. */
export interface Needs {
  /** Whether `uses` is everything. */
  readonly known: boolean;
  /** Why it may not be everything; absent when known. */
  readonly reason?: string;
  readonly uses: readonly Need[];
}

/** What programs in one language find on a runtime. */
export interface Surface {
  /** Whether it is all that the language promises. Where not, a program runs only if its needs are known and met. */
  readonly isWhole: boolean;
  /** Whether it has what a need names; undefined where that is not known. */
  has(need: Need): boolean | undefined;
  /** Whether the machine may get more while the service runs, so that the runtime is asked anew; absent, it may not. */
  readonly mayGrow?: boolean;
  /** What to install or to change on this machine where something is missing. */
  readonly remedy?: string;
}

/** Whether a need is of one runtime's global or modules: `Bun.file` and `bun:sqlite` are of `Bun`. */
export function isNeedOf({ kind, name }: Need, global: string): boolean {
  if (kind === "global") return name === global || name.startsWith(`${global}.`);
  const module = global.toLowerCase();
  return kind === "builtin" && (name === module || name.startsWith(`${module}:`));
}

/** A need and where it is seen, as text. */
export function describeNeed({ file, line, name }: Need): string {
  return `${name} (${file}:${line})`;
}
