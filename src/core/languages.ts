import { CodeBeakerError } from "./errors.ts";
import { quoteName } from "./parsing/validation.ts";

interface Language {
  readonly aliases: readonly string[];
  /** The extensions of its files; the first is that of `main.<ext>`. */
  readonly extensions: readonly [string, ...string[]];
}

/** The known environment names; runtimes may support others. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  typescript: { aliases: ["ts"], extensions: ["ts", "mts", "cts"] },
  javascript: { aliases: ["js"], extensions: ["js", "mjs", "cjs"] },
  tsx: { aliases: [], extensions: ["tsx"] },
  jsx: { aliases: [], extensions: ["jsx"] },
  deno: { aliases: [], extensions: ["ts"] },
  node: { aliases: ["nodejs"], extensions: ["js"] },
  bun: { aliases: [], extensions: ["ts"] },
  web: { aliases: [], extensions: ["js"] },
  python: { aliases: ["python3", "py"], extensions: ["py"] },
  bash: { aliases: [], extensions: ["sh", "bash"] },
  sh: { aliases: [], extensions: ["sh"] },
  go: { aliases: ["golang"], extensions: ["go"] },
  perl: { aliases: [], extensions: ["pl"] },
  ruby: { aliases: ["rb"], extensions: ["rb"] },
  php: { aliases: [], extensions: ["php"] },
  lua: { aliases: [], extensions: ["lua"] },
  r: { aliases: [], extensions: ["R", "r"] },
  c: { aliases: [], extensions: ["c"] },
  cpp: { aliases: ["c++", "cxx"], extensions: ["cpp", "cc", "cxx"] },
  rust: { aliases: ["rs"], extensions: ["rs"] },
  java: { aliases: [], extensions: ["java"] },
  prolog: { aliases: [], extensions: ["prolog", "pro"] },
  wasm: { aliases: [], extensions: ["wasm"] },
  csharp: { aliases: ["dotnet", "cs"], extensions: ["cs"] },
};

/** The known environment names. */
export const LANGUAGE_NAMES: readonly string[] = Object.keys(LANGUAGES);

/** The languages by their aliases. */
const BY_ALIAS: ReadonlyMap<string, string> = new Map(
  Object.entries(LANGUAGES).flatMap(([name, { aliases }]) => aliases.map((alias) => [alias, name])),
);

/** The first language of each extension. */
const BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries(LANGUAGES).toReversed().flatMap(([name, { extensions }]) => extensions.map((one) => [one, name])),
);

/** Resolves an alias, in any case; returns any other name in lower case. */
export function canonicalLanguage(name: string): string {
  const lower = name.toLowerCase();
  return BY_ALIAS.get(lower) ?? lower;
}

/** The other names of a language. */
export function aliasesOf(language: string): readonly string[] {
  return isKnownLanguage(language) ? LANGUAGES[language]?.aliases ?? [] : [];
}

/** Whether a language and its file extensions are known. */
export function isKnownLanguage(language: string): boolean {
  return Object.hasOwn(LANGUAGES, language);
}

/** The name of the file for the code of a request, `main.<ext>`. */
export function mainFileOf(language: string): string {
  const [extension = "txt"] = isKnownLanguage(language) ? LANGUAGES[language]?.extensions ?? [] : [];
  return `main.${extension}`;
}

/** The language of a file name's extension, or undefined. */
export function languageOfFile(path: string): string | undefined {
  return BY_EXTENSION.get(path.slice(path.lastIndexOf(".") + 1).toLowerCase());
}

/** Makes an `unsupported_language` error. It suggests the nearest supported language, and lists them all. */
export function unsupportedLanguage(language: string, supported: readonly string[]): CodeBeakerError {
  const quoted = Object.hasOwn(LANGUAGES, language) ? JSON.stringify(language) : quoteName(language, supported);
  const list = supported.length === 0 ? "none" : supported.join(", ");
  return new CodeBeakerError(
    "unsupported_language",
    `Cannot run code as no runtime supports its language (supported: ${list}): current value is ${quoted}`,
    { details: { languages: supported, errors: [{ path: "language", message: `Unsupported language ${quoted}` }] } },
  );
}
