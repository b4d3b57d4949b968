import { isNeedOf, type Need } from "../../core/needs.ts";
import type { FamilyModule } from "../family.ts";
import { parserFor, readJavascript } from "./read_javascript.ts";

/** Reads JavaScript and TypeScript. */
export const JAVASCRIPT: FamilyModule = {
  parserFor,
  read: readJavascript,
  reduce: withoutOwnConsole,
  placesOf: ({ entrypoint, files }) => {
    const names = new Set(files.map(({ path }) => path));
    return { entrypoint, localOf: () => undefined, fileOf: ({ paths }) => paths.find((path) => names.has(path)) };
  },
};

/** A program that is written for one runtime is content with the console of that. */
function withoutOwnConsole(uses: readonly Need[]): readonly Need[] {
  const isForOne = uses.some((use) => isNeedOf(use, "Bun"));
  return isForOne ? uses.filter(({ kind, name }) => kind !== "global" || !/^console\b/.test(name)) : uses;
}
