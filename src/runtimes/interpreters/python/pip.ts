import { httpUrl } from "../../../core/parsing/written_schemas.ts";
import type { Setting } from "../../../core/settings.ts";
import { PACKAGE_WORD as WORD, type PackageFormat } from "../package_format.ts";

/** The setting of pip's index, for runtimes that install Python packages outside of containers. */
export const PIP_INDEX = {
  schema: httpUrl,
  default: "https://pypi.org/simple/",
  shown: "PyPI",
  help: "index that Python packages are installed from outside of containers",
} as const satisfies Setting;

const CLAUSE = "(?:===?|!=|~=|<=?|>=?)[A-Za-z0-9][A-Za-z0-9.*+!_-]*";

/** A requirement of PEP 508, without a URL and without a marker. */
export const PIP_FORMAT: PackageFormat = {
  pattern: new RegExp(`^(?<name>${WORD})(?:\\[${WORD}(?:,${WORD})*\\])?(?:${CLAUSE}(?:,${CLAUSE})*)?$`),
  description: '"name", "name[extra]" or "name>=1.2,<2"',
  canonicalName: (name) => name.toLowerCase().replaceAll(/[._-]+/g, "-"),
};

/**
 * pip's arguments for packages that go into a directory of their own. pip takes only wheels, since other packages run
 * their own code when they are built.
 */
export function pipArguments(directory: string): string[] {
  return [
    ...["install", "--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir"],
    ...["--progress-bar", "off", "--only-binary", ":all:", "--target", directory],
  ];
}
