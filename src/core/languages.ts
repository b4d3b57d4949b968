import { CodeBeakerError } from "./errors.ts";
import { unknownName } from "./parsing/validation.ts";

interface Language {
  readonly aliases: readonly string[];
  /** The endings of its source files; the first one is that of `main.<ext>`. */
  readonly extensions: readonly [string, ...string[]];
}

/** The environment names that the project knows; a runtime lists those it speaks, and may speak others. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  typescript: { aliases: ["ts"], extensions: ["ts", "mts", "cts", "tsx"] },
  javascript: { aliases: ["js"], extensions: ["js", "mjs", "cjs", "jsx"] },
  deno: { aliases: [], extensions: ["ts"] },
  node: { aliases: ["nodejs"], extensions: ["js"] },
  bun: { aliases: [], extensions: ["ts"] },
  web: { aliases: [], extensions: ["js"] },
  python: { aliases: ["python3", "py"], extensions: ["py"] },
  bash: { aliases: ["sh"], extensions: ["sh", "bash"] },
  go: { aliases: ["golang"], extensions: ["go"] },
  csharp: { aliases: ["dotnet", "cs"], extensions: ["cs"] },
};

/** The one name behind an alias, in any case; a name that is no alias is returned in lower case. */
export function canonicalLanguage(name: string): string {
  const lower = name.toLowerCase();
  const found = Object.entries(LANGUAGES).find(([, language]) => language.aliases.includes(lower));
  return found?.[0] ?? lower;
}

/** Whether the project itself knows what a language's files are called. */
export function isKnownLanguage(language: string): boolean {
  return Object.hasOwn(LANGUAGES, language);
}

/** The name of the file that holds the code of a request, `main.<ext>`. */
export function mainFileOf(language: string): string {
  return `main.${LANGUAGES[language]?.extensions[0] ?? "txt"}`;
}

/** The language that a file name's ending tells, or undefined. */
export function languageOfFile(path: string): string | undefined {
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return Object.keys(LANGUAGES).find((name) => LANGUAGES[name]?.extensions.includes(extension));
}

/** An `unsupported_language` that names the nearest of those that are spoken, and lists them all. */
export function unsupportedLanguage(language: string, spoken: readonly string[]): CodeBeakerError {
  const quoted = Object.hasOwn(LANGUAGES, language) ? JSON.stringify(language) : unknownName(language, spoken);
  const list = spoken.length === 0 ? "none" : spoken.join(", ");
  return new CodeBeakerError(
    "unsupported_language",
    `Cannot run code as no runtime speaks its language (spoken here: ${list}): current value is ${quoted}`,
    { details: { languages: spoken, errors: [{ path: "language", message: `Unsupported language ${quoted}` }] } },
  );
}
