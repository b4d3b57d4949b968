import type { Answer } from "./answers/answer.ts";
import type { needSchema, needsSchema } from "./answers/selection.ts";

/** A feature that a program uses and that some runtime of its language lacks. */
export type Need = Answer<typeof needSchema>;

/**
 * Kinds of needs. A `builtin` is a module of the runtime, a `package` comes from a registry, a `url` from the web, a
 * `module` is one of Python, and `types` is TypeScript that cannot run by erasing its types.
 */
export type NeedKind = Need["kind"];

/** The resource beside memory that a need uses. */
export type NeedEffect = NonNullable<Need["effect"]>;

/** The needs of a program, as far as its text shows. */
export type Needs = Answer<typeof needsSchema>;

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

/** Describes a need, with its file and line. Every runtime has a `console`, and shows objects in its own way. */
export function describeNeed({ file, kind, line, name }: Need): string {
  const showsObjects = kind === "global" && name.startsWith("console.");
  return `${showsObjects ? `the default display of objects in ${name}` : name} (${file}:${line})`;
}
