import { parse, satisfies, tryParseRange } from "@std/semver";
import { CodeBeakerError, hasCode } from "../../../core/errors.ts";
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

/** Longest name in a message. */
const MAX_SHOWN = 64;

/** Longest selector of a version. The time to parse one grows with the square of its length. */
const MAX_SELECTOR_LENGTH = 64;

/** A language and a version as a client wrote them. */
export type Asked = Pick<PistonRuntime, "language" | "version">;

/** A language in Piston's list of runtimes. */
export interface PistonRuntime {
  readonly language: string;
  readonly version: string;
  readonly aliases: readonly string[];
}

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
export function toRuntime({ name, aliases }: Pick<LanguageDescription, "name" | "aliases">): PistonRuntime {
  const language = toPiston(name);
  const others = [name, ...aliases, ...NAMES[name]?.aliases ?? []].filter((alias) => alias !== language);
  return { language, version: VERSION, aliases: [...new Set(others)] };
}

/** Whether a SemVer selector selects a version. A pre-release counts as the release that it precedes. */
export function selectsVersion(selector: string, version = VERSION): boolean {
  if (selector === version) return true;
  const range = selector.length > MAX_SELECTOR_LENGTH ? undefined : tryParseRange(selector);
  const { major, minor, patch } = parse(version);
  return range !== undefined && satisfies({ major, minor, patch }, range);
}

/** Makes the error for a language or version that no runtime has, in Piston's words. */
export function unknownRuntime({ language, version }: Asked): CodeBeakerError {
  const named = `${language.slice(0, MAX_SHOWN)}-${version.slice(0, MAX_SHOWN)}`;
  return new CodeBeakerError("unsupported_language", `${named} runtime is unknown`);
}

/** Puts an unsupported language in Piston's words. Any other error stays. */
export function inPistonsWords(error: unknown, asked: Asked): unknown {
  return hasCode(error, "unsupported_language") ? unknownRuntime(asked) : error;
}
