/** The oldest Deno that runs the service. */
const OLDEST = [2, 9] as const;

/** Explains why a version of Deno cannot run the service; undefined when it can. */
export function whyTooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  const oldest = OLDEST.join(".");
  return `CodeBeaker needs Deno ${oldest} or later: upgrade it (deno upgrade), or run CodeBeaker with npx -y deno@${oldest}: current value is ${version}`;
}

/** Makes the message for packages that cannot be loaded; undefined for another failure. */
export function whyUnloaded(error: unknown): string | undefined {
  const [first = "", ...causes] = (error instanceof Error ? error.message : String(error)).split("\n");
  if (!/\bnpm\b|\bpackage\b/.test(first)) return undefined;
  const reason = [first, ...causes.slice(0, 1)].map((line) => line.replace(/^\s*\d+:\s*/, "").trim()).join(": ");
  return `Cannot load CodeBeaker's packages: name a registry of npm that can be reached (NPM_CONFIG_REGISTRY): ${reason}`;
}

/**
 * Ends the process as the command line cannot be loaded.
 *
 * @throws the error when it is no failure of packages
 */
export function exitUnloaded(error: unknown): never {
  const why = whyUnloaded(error);
  if (why === undefined) throw error;
  exit(why);
}

function exit(why: string): never {
  Deno.stderr.writeSync(new TextEncoder().encode(`codebeaker: ${why}\n`));
  Deno.exit(1);
}

const why = whyTooOld(Deno.version.deno);
if (why !== undefined) exit(why);
