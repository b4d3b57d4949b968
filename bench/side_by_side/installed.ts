import { join } from "@std/path";

/** Where `codebeaker runtimes install` installs binaries. */
const DIRECTORY = `${Deno.env.get("HOME")}/.codebeaker/binaries`;

/** The path of an installed binary; undefined where there is none. */
export function installedBinary(name: string): string | undefined {
  try {
    const [found] = [...Deno.readDirSync(DIRECTORY)].filter((entry) => entry.name.startsWith(`${name}-`));
    return found && join(DIRECTORY, found.name, name);
  } catch {
    return undefined; // Nothing is installed.
  }
}

/** The variables by which a service of a bench, which has a home of its own, finds the installed binaries. */
export function installedVariables(): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of ["node", "bun"]) {
    const path = installedBinary(name);
    if (path !== undefined) variables[`CODEBEAKER_${name.toUpperCase()}_BINARY`] = path;
  }
  return variables;
}
