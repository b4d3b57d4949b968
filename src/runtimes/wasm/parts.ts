import { basename, join } from "@std/path";
import { fingerprintOf } from "../../core/fingerprint.ts";
import { runtimeUnavailable } from "../../core/errors.ts";
import type { RuntimeHost } from "../port.ts";
import { isFile } from "../process/find_binary.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The directory of languages below a service's home. */
const DIRECTORY = "languages";
/** How much of a fingerprint is in the name of a directory, in hexadecimal digits. */
const DIGITS = 16;

/** A language: its name and its row. */
export interface NamedLanguage {
  readonly name: string;
  readonly row: LanguageRow;
}

/** The remedy where the parts of a language are missing. */
export function remedyFor(name: string): string {
  return `run codebeaker languages add ${name}`;
}

/** The path of a language's parts below a home. Another version of them, or of their preparation, has another path. */
export function partsPath(home: string, language: NamedLanguage): string {
  return join(home, DIRECTORY, directoryName(language));
}

/** Whether a directory holds the parts of a language. */
export function holdsParts(directory: string, { parts }: Pick<LanguageRow, "parts">): boolean {
  return parts.every((part) => isFile(join(directory, part)));
}

/**
 * The directory of a language's parts: the installed one, else that on the search path.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where they are not installed
 */
export function findParts(
  language: NamedLanguage,
  { home, searchPath }: Pick<RuntimeHost, "home" | "searchPath">,
): string {
  const own = directoryName(language);
  const others = searchPath.filter((directory) => basename(directory) === own);
  const places = home === undefined ? others : [partsPath(home, language), ...others];
  const found = places.find((directory) => holdsParts(directory, language.row));
  if (found !== undefined) return found;
  throw runtimeUnavailable({ reason: `${language.row.title} is not installed`, remedy: remedyFor(language.name) });
}

function directoryName({ name, row: { packages, preparation } }: NamedLanguage): string {
  return `${name}-${packages[0].version}-${fingerprintOf([packages, preparation]).slice(0, DIGITS)}`;
}
