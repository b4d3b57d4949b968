import { isNeedOf, type Need } from "../../core/needs.ts";
import type { FamilyModule } from "../family.ts";
import { beginningOf } from "../beginning.ts";
import { maskAttributes } from "./import_attributes.ts";
import { isForBun } from "./words.ts";
import { parserFor } from "./parsers.ts";
import { readJavascript } from "./read_javascript.ts";

/** Most characters of a beginning. Its parse blocks the event loop. */
const MAX_BEGINNING_LENGTH = 2_048;

/** Reads JavaScript and TypeScript. */
export const JAVASCRIPT: FamilyModule = {
  parserFor,
  excerptOf: (text) => beginningOf(text, MAX_BEGINNING_LENGTH),
  maskOf: maskAttributes,
  isForOne: isForBun,
  read: readJavascript,
  reduce: withoutOwnConsole,
  placesOf: ({ entrypoint, files }) => {
    const names = new Set(files.map(({ path }) => path));
    return { entrypoint, localOf: () => undefined, fileOf: ({ paths }) => paths.find((path) => names.has(path)) };
  },
};

/**
 * Removes the uses of `console` from a program that is written for one runtime. It runs on that runtime, whose console
 * is as it expects.
 */
function withoutOwnConsole(uses: readonly Need[]): readonly Need[] {
  const isForOne = uses.some((use) => isNeedOf(use, "Bun"));
  return isForOne ? uses.filter(({ kind, name }) => kind !== "global" || !/^console\b/.test(name)) : uses;
}
