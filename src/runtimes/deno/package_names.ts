import { invalidField } from "../../core/errors.ts";

/** What npm takes as a name, and Deno as a version, a range of them or a tag: nothing that names another place. */
const PACKAGE =
  /^(?<name>(?:@[A-Za-z0-9][\w.-]*\/)?[A-Za-z0-9][\w.-]*)(?:@(?<range>(?:[~^=]|[<>]=?)?[A-Za-z0-9][\w.+-]*))?$/;

/** npm's own bound (validate-npm-package-name). */
const MAX_NAME_LENGTH = 214;

/** Where each package comes from, by its name: `left-pad@^1` is `npm:left-pad@^1`, and without a version it is the latest. */
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
