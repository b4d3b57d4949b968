import { CodeBeakerError, invalidField } from "../../../core/errors.ts";

/** How many packages one environment has at most, and how long what names one of them may be. */
const MAX_PACKAGES = 256;
const MAX_LENGTH = 256;

/** What an installer takes for a file wherever it stands. */
const ARCHIVE = /\.(?:whl|zip|tgz|tar|tar\.(?:gz|bz2|xz))$/i;

/** How an installer's packages are named. Nothing in it can be an option, a path, a URL or a repository. */
interface PackageFormat {
  /** What the programs are called that take it; none for what stands for every other one. */
  readonly tools: readonly string[];
  readonly pattern: RegExp;
  readonly says: string;
  /** What two names of one package have in common. */
  fold(name: string): string;
}

const WORD = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
const CLAUSE = "(?:===?|!=|~=|<=?|>=?)[A-Za-z0-9][A-Za-z0-9.*+!_-]*";
const NPM_NAME = "(?:@[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*";
const NPM_VERSION = "(?:[~^]|[<>]=?|=)?[A-Za-z0-9][A-Za-z0-9.+-]*";

const FORMATS: readonly PackageFormat[] = [
  {
    tools: ["pip", "pip3", "uv"],
    pattern: new RegExp(`^(?<name>${WORD})(?:\\[${WORD}(?:,${WORD})*\\])?(?:${CLAUSE}(?:,${CLAUSE})*)?$`),
    says: '"name", "name[extra]" or "name>=1.2,<2"',
    fold: (name) => name.toLowerCase().replaceAll(/[._-]+/g, "-"),
  },
  {
    tools: ["npm", "pnpm", "yarn", "bun", "deno"],
    pattern: new RegExp(`^(?<name>${NPM_NAME})(?:@${NPM_VERSION})?$`),
    says: '"name", "@scope/name" or "name@^1.2"',
    fold: (name) => name,
  },
];

/** What is safe to be told to an installer that is not known. */
const PLAIN: PackageFormat = {
  tools: [],
  pattern: new RegExp(`^(?<name>${WORD})(?:(?:@|==?)[A-Za-z0-9][A-Za-z0-9.+~-]*)?$`),
  says: '"name", "name=1.2", "name==1.2" or "name@1.2"',
  fold: (name) => name,
};

/** The packages that a request names, for the installer of this command line. @throws {CodeBeakerError} `invalid_request` */
export function parsePackages(packages: readonly string[], install: readonly string[]): readonly string[] {
  const format = formatOf(install);
  if (packages.length === 0) throw invalidField("packages", "Cannot install packages as none is named");
  packages.forEach((name, index) => {
    if (isPackage(name, format)) return;
    const shown = JSON.stringify(name.slice(0, MAX_LENGTH));
    throw invalidField(
      `packages[${index}]`,
      `Cannot install a package as what names it must be ${format.says}: current value is ${shown}`,
    );
  });
  return joinPackages([], packages, install);
}

/**
 * What is installed together: of a package that is named twice the last one. What stands among those from before and names
 * no package is left out.
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
    byName.set(format.fold(format.pattern.exec(entry)?.groups?.["name"] ?? entry), entry);
  }
  if (byName.size <= MAX_PACKAGES) return [...byName.values()];
  throw new CodeBeakerError(
    "too_large",
    `Cannot install packages as those of one environment must be at most ${MAX_PACKAGES}: current value is ${byName.size}`,
  );
}

/** An installer's command line, with the packages in the place of `{packages}`. */
export function installLine(install: readonly string[], packages: readonly string[]): string[] {
  return install.flatMap((word) => word === "{packages}" ? packages : [word]);
}

/** A `permission_denied` for a language whose packages nothing installs. */
export function noInstaller(language: string, installable: readonly string[]): CodeBeakerError {
  const list = installable.length === 0 ? "none" : installable.join(", ");
  return new CodeBeakerError(
    "permission_denied",
    `Cannot install packages as the language must be one whose packages can be installed in a container (${list}): ` +
      `current value is ${JSON.stringify(language)}`,
  );
}

function isPackage(name: string, { pattern }: PackageFormat): boolean {
  return name.length <= MAX_LENGTH && pattern.test(name) && !ARCHIVE.test(name);
}

function formatOf(install: readonly string[]): PackageFormat {
  const names = install.map((word) => word.slice(word.lastIndexOf("/") + 1));
  return FORMATS.find(({ tools }) => names.some((name) => tools.includes(name))) ?? PLAIN;
}
