import { languageOfFile } from "../core/languages.ts";
import type { Family } from "./family.ts";
import { configuresTypes, isCommonJs, mayHaveTypes } from "./javascript/typed_files.ts";
import { mayNeed } from "./javascript/words.ts";
import { mayImport } from "./python/words.ts";

const JAVASCRIPT: Family = {
  mayNeed: ({ path, text }) => mayHaveTypes(path) || /x$/i.test(path) || mayNeed(text),
  isOfAnotherKind: (path, entrypoint) =>
    mayHaveTypes(entrypoint) ? configuresTypes(path) : mayHaveTypes(path) || isCommonJs(path),
  load: async () => (await import("./javascript/mod.ts")).JAVASCRIPT,
};

const PYTHON: Family = {
  mayNeed: ({ text }) => mayImport(text),
  load: async () => (await import("./python/mod.ts")).PYTHON,
};

/** The families by the languages of their files. */
const FAMILIES: Readonly<Record<string, Family>> = {
  javascript: JAVASCRIPT,
  typescript: JAVASCRIPT,
  jsx: JAVASCRIPT,
  tsx: JAVASCRIPT,
  python: PYTHON,
};

/** The family that reads a file; undefined for one of another language. */
export function familyOf(path: string): Family | undefined {
  const language = languageOfFile(path) ?? "";
  return Object.hasOwn(FAMILIES, language) ? FAMILIES[language] : undefined;
}
