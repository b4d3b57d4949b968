import { invalidField } from "../../core/errors.ts";

/** A pattern for the name of a package. */
export const PACKAGE_WORD = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";

/** The longest name of a package with its version. */
const MAX_LENGTH = 256;

/** Names that an installer takes for files. */
const ARCHIVE = /\.(?:whl|zip|tgz|tar|tar\.(?:gz|bz2|xz))$/i;

/** The grammar of an installer's package names. It allows no option, path, URL or repository. */
export interface PackageFormat {
  readonly pattern: RegExp;
  /** The grammar in the words of an error message. */
  readonly description: string;
  /** The canonical form of a name. */
  canonicalName(name: string): string;
}

/** Whether a text names a package. */
export function isPackage(text: string, { pattern }: Pick<PackageFormat, "pattern">): boolean {
  return text.length <= MAX_LENGTH && pattern.test(text) && !ARCHIVE.test(text);
}

/** The canonical name of a package. */
export function nameOfPackage(text: string, { canonicalName, pattern }: PackageFormat): string {
  return canonicalName(pattern.exec(text)?.groups?.["name"] ?? text);
}

/** Checks the packages of a request. @throws {CodeBeakerError} `invalid_request` for a text that names none */
export function checkPackages(packages: readonly string[], format: PackageFormat): void {
  if (packages.length === 0) throw invalidField("packages", "Cannot install packages as none is named");
  packages.forEach((text, index) => {
    if (isPackage(text, format)) return;
    const shown = JSON.stringify(text.slice(0, MAX_LENGTH));
    throw invalidField(
      `packages[${index}]`,
      `Cannot install a package as it must be written ${format.description}: current value is ${shown}`,
    );
  });
}
