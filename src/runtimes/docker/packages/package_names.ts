import { CodeBeakerError, invalidField } from "../../../core/errors.ts";

/** The most packages of one environment, and the longest name with its version. */
const MAX_PACKAGES = 256;
const MAX_LENGTH = 256;

/** Names that an installer takes for files. */
const ARCHIVE = /\.(?:whl|zip|tgz|tar|tar\.(?:gz|bz2|xz))$/i;

/** The grammar of an installer's package names. It allows no option, path, URL or repository. */
interface PackageFormat {
  /** The installers with this grammar. */
  readonly tools: readonly string[];
  readonly pattern: RegExp;
  /** The grammar in the words of an error message. */
  readonly description: string;
  /** The canonical form of a name. */
  canonicalName(name: string): string;
}

const WORD = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
const CLAUSE = "(?:===?|!=|~=|<=?|>=?)[A-Za-z0-9][A-Za-z0-9.*+!_-]*";
const NPM_NAME = "(?:@[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*";
const NPM_VERSION = "(?:[~^]|[<>]=?|=)?[A-Za-z0-9][A-Za-z0-9.+-]*";

const FORMATS: readonly PackageFormat[] = [
  {
    tools: ["pip", "pip3", "uv"],
    pattern: new RegExp(`^(?<name>${WORD})(?:\\[${WORD}(?:,${WORD})*\\])?(?:${CLAUSE}(?:,${CLAUSE})*)?$`),
    description: '"name", "name[extra]" or "name>=1.2,<2"',
    canonicalName: (name) => name.toLowerCase().replaceAll(/[._-]+/g, "-"),
  },
  {
    tools: ["npm", "pnpm", "yarn", "bun", "deno"],
    pattern: new RegExp(`^(?<name>${NPM_NAME})(?:@${NPM_VERSION})?$`),
    description: '"name", "@scope/name" or "name@^1.2"',
    canonicalName: (name) => name,
  },
];

/** A grammar that is safe with any other installer. */
const PLAIN: PackageFormat = {
  tools: [],
  pattern: new RegExp(`^(?<name>${WORD})(?:(?:@|==?)[A-Za-z0-9][A-Za-z0-9.+~-]*)?$`),
  description: '"name", "name=1.2", "name==1.2" or "name@1.2"',
  canonicalName: (name) => name,
};

/** Checks the packages of a request for the installer of a command line. @throws {CodeBeakerError} `invalid_request` */
export function parsePackages(packages: readonly string[], install: readonly string[]): readonly string[] {
  const format = formatOf(install);
  if (packages.length === 0) throw invalidField("packages", "Cannot install packages as none is named");
  packages.forEach((name, index) => {
    if (isPackage(name, format)) return;
    const shown = JSON.stringify(name.slice(0, MAX_LENGTH));
    throw invalidField(
      `packages[${index}]`,
      `Cannot install a package as it must be written ${format.description}: current value is ${shown}`,
    );
  });
  return joinPackages([], packages, install);
}

/**
 * Joins the packages of a request with the installed ones. Of two versions of a package the last one remains; entries
 * of `before` that name no package are left out.
 *
 * @throws {CodeBeakerError} `too_large`
 */
export function joinPackages(
  before: readonly string[],
  packages: readonly string[],
  install: readonly string[],
): readonly string[] {
  const format = formatOf(install);
  const byName = new Map<string, string>();
  for (const entry of [...before.filter((name) => isPackage(name, format)), ...packages]) {
    byName.set(format.canonicalName(format.pattern.exec(entry)?.groups?.["name"] ?? entry), entry);
  }
  if (byName.size <= MAX_PACKAGES) return [...byName.values()];
  throw new CodeBeakerError(
    "too_large",
    `Cannot install packages as an environment may have at most ${MAX_PACKAGES}: current value is ${byName.size}`,
  );
}

/** An installer's command line, with packages in place of `{packages}`. */
export function installLine(install: readonly string[], packages: readonly string[]): string[] {
  return install.flatMap((word) => word === "{packages}" ? packages : [word]);
}

/** A `permission_denied` for a language without an installer. */
export function noInstaller(language: string, installable: readonly string[]): CodeBeakerError {
  const list = installable.length === 0 ? "none" : installable.join(", ");
  return new CodeBeakerError(
    "permission_denied",
    `Cannot install packages as the language must be one with an installer (${list}): current value is ${
      JSON.stringify(language)
    }`,
  );
}

function isPackage(name: string, { pattern }: PackageFormat): boolean {
  return name.length <= MAX_LENGTH && pattern.test(name) && !ARCHIVE.test(name);
}

function formatOf(install: readonly string[]): PackageFormat {
  const names = install.map((word) => word.slice(word.lastIndexOf("/") + 1));
  return FORMATS.find(({ tools }) => names.some((name) => tools.includes(name))) ?? PLAIN;
}
