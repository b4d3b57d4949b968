import { CodeBeakerError } from "../../../core/errors.ts";
import {
  checkPackages,
  isPackage,
  nameOfPackage,
  PACKAGE_WORD,
  type PackageFormat,
} from "../../interpreters/package_format.ts";
import { PIP_FORMAT } from "../../interpreters/python/pip.ts";

/** The most packages of one environment. */
const MAX_PACKAGES = 256;

/** The grammar of some installers. */
interface InstallerFormat extends PackageFormat {
  readonly tools: readonly string[];
}

const NPM_NAME = "(?:@[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*";
const NPM_VERSION = "(?:[~^]|[<>]=?|=)?[A-Za-z0-9][A-Za-z0-9.+-]*";

const FORMATS: readonly InstallerFormat[] = [
  { tools: ["pip", "pip3", "uv"], ...PIP_FORMAT },
  {
    tools: ["npm", "pnpm", "yarn", "bun", "deno"],
    pattern: new RegExp(`^(?<name>${NPM_NAME})(?:@${NPM_VERSION})?$`),
    description: '"name", "@scope/name" or "name@^1.2"',
    canonicalName: (name) => name,
  },
];

/** A grammar that is safe with any other installer. */
const PLAIN: PackageFormat = {
  pattern: new RegExp(`^(?<name>${PACKAGE_WORD})(?:(?:@|==?)[A-Za-z0-9][A-Za-z0-9.+~-]*)?$`),
  description: '"name", "name=1.2", "name==1.2" or "name@1.2"',
  canonicalName: (name) => name,
};

/** Checks the packages of a request for the installer of a command line. @throws {CodeBeakerError} `invalid_request` */
export function parsePackages(packages: readonly string[], install: readonly string[]): readonly string[] {
  checkPackages(packages, formatOf(install));
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
    byName.set(nameOfPackage(entry, format), entry);
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

function formatOf(install: readonly string[]): PackageFormat {
  const names = install.map((word) => word.slice(word.lastIndexOf("/") + 1));
  return FORMATS.find(({ tools }) => names.some((name) => tools.includes(name))) ?? PLAIN;
}
