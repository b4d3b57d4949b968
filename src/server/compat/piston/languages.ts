import { parse, satisfies, tryParseRange } from "@std/semver";
import { canonicalLanguage } from "../../../core/languages.ts";
import { VERSION } from "../../../core/version.ts";
import type { LanguageDescription } from "../../../runtimes/selection/language_description.ts";

/** Names of languages that differ in Piston, and Piston's further aliases. */
const NAMES: Readonly<Record<string, { readonly name?: string; readonly aliases: readonly string[] }>> = {
  c: { aliases: ["gcc"] },
  cpp: { name: "c++", aliases: ["g++"] },
  csharp: { aliases: ["c#"] },
  javascript: { aliases: ["node-js", "node-javascript", "deno-js"] },
  perl: { aliases: ["pl"] },
  php: { aliases: ["php8"] },
  prolog: { aliases: ["plg"] },
  python: { aliases: ["py3"] },
  r: { name: "rscript", aliases: [] },
  ruby: { aliases: ["ruby3"] },
  typescript: { aliases: ["node-ts", "deno-ts", "tsc", "typescript5", "ts5"] },
};

/** The environment name of a name or alias of Piston's. */
export function fromPiston(name: string): string {
  const lower = name.toLowerCase();
  const found = Object.entries(NAMES).find(([, own]) => own.name === lower || own.aliases.includes(lower));
  return found?.[0] ?? canonicalLanguage(lower);
}

/** Piston's name of an environment name. */
export function toPiston(language: string): string {
  return NAMES[language]?.name ?? language;
}

/** Lists a language as Piston does. Its version is the service's, since each request selects a runtime anew. */
export function toRuntime({ name, aliases }: Pick<LanguageDescription, "name" | "aliases">) {
  const language = toPiston(name);
  const others = [name, ...aliases, ...NAMES[name]?.aliases ?? []].filter((alias) => alias !== language);
  return { language, version: VERSION, aliases: [...new Set(others)] };
}

/**
 * Whether a SemVer selector selects a version. A pre-release counts as the release that it precedes. The time grows with
 * the square of the selector's length.
 */
export function selectsVersion(selector: string, version = VERSION): boolean {
  if (selector === version) return true;
  const range = tryParseRange(selector);
  const { major, minor, patch } = parse(version);
  return range !== undefined && satisfies({ major, minor, patch }, range);
}
