import { invalidField } from "../../core/errors.ts";

/** Matches a name of npm's with a version, range or tag, and no other source. */
const PACKAGE =
  /^(?<name>(?:@[A-Za-z0-9][\w.-]*\/)?[A-Za-z0-9][\w.-]*)(?:@(?<range>(?:[~^=]|[<>]=?)?[A-Za-z0-9][\w.+-]*))?$/;

/** npm's own bound (validate-npm-package-name). */
const MAX_NAME_LENGTH = 214;

/** The source of each package by its name: `npm:left-pad@^1` for `left-pad@^1`. Without a version, it is the latest. */
export function parsePackages(packages: readonly string[]): Map<string, string> {
  return new Map(packages.map((text, index) => {
    const { name, range = "latest" } = PACKAGE.exec(text)?.groups ?? {};
    if (name === undefined || name.length > MAX_NAME_LENGTH) {
      const message = 'A package of npm is "name", "name@range" or "@scope/name@range"';
      throw invalidField(`packages[${index}]`, `${message}: current value is ${JSON.stringify(text)}`);
    }
    return [name, `npm:${name}@${range}`];
  }));
}
