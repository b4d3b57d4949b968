import { isNeedOf, type Need } from "../../core/needs.ts";
import type { FamilyModule } from "../family.ts";
import { parserFor, readJavascript } from "./read_javascript.ts";

/** Reads JavaScript and TypeScript. */
export const JAVASCRIPT: FamilyModule = {
  parserFor,
  read: readJavascript,
  reduce: withoutOwnConsole,
  placesOf: ({ entrypoint }) => ({ entrypoint, localOf: () => undefined }),
};

/** A program that is written for one runtime is content with the console of that. */
function withoutOwnConsole(uses: readonly Need[]): readonly Need[] {
  const isForOne = uses.some((use) => isNeedOf(use, "Bun"));
  return isForOne ? uses.filter(({ kind, name }) => kind !== "global" || !/^console\b/.test(name)) : uses;
}
