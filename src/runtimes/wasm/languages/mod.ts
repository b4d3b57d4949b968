import { c } from "./c.ts";
import { php } from "./php.ts";
import { prolog } from "./prolog.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import type { LanguageRow } from "./row.ts";

/** The languages whose parts come from npm, by their environment names. facts.ts has the same names. */
export const LANGUAGES: Readonly<Record<string, LanguageRow>> = { python, ruby, prolog, c, php };
