import { COMPILED } from "./compiled.ts";
import { go } from "./go.ts";
import { INTERPRETED } from "./interpreted.ts";
import type { LanguageRow } from "./row.ts";

/** The languages that are known, by their names. */
export const LANGUAGES: Readonly<Record<string, LanguageRow>> = { ...INTERPRETED, ...COMPILED, go };
