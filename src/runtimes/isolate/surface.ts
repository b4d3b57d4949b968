import type { Need, Surface } from "../../core/needs.ts";

/** Notable globals, and members of them, that are here as they are everywhere. */
const GLOBALS =
  /^(?:crypto\.(?:getRandomValues|randomUUID)|performance\.now|Atomics\.(?!waitAsync$)\w+|(?:Temporal|Iterator)(?:\.\w+)?|Float16Array|(?:Async)?DisposableStack|SuppressedError)$/;

/**
 * Matches methods and syntax that older versions of the language lack. It also matches syntax of TypeScript that is
 * compiled alike.
 */
const SYNTAX = /^(?:\.\w+|using|enum|parameter property)$/;

/**
 * The surface of JavaScript and TypeScript beside the language and the common Web APIs. A feature that does not look
 * exactly as on the runtimes with the whole of these languages is not in it.
 */
export const COMPUTING_SURFACE: Surface = { isWhole: false, has: isHere };

function isHere({ kind, name }: Need): boolean | undefined {
  if (kind === "global" && GLOBALS.test(name)) return true;
  return kind === "syntax" && SYNTAX.test(name) ? true : undefined;
}
