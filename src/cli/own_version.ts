/** The oldest Deno that runs the service. */
const OLDEST = [2, 9] as const;

/** Why a version of Deno does not run the service; undefined when it does. */
export function whyTooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  const oldest = OLDEST.join(".");
  return `CodeBeaker needs Deno ${oldest} or later: upgrade it (deno upgrade), or run CodeBeaker with npx -y deno@${oldest}: current value is ${version}`;
}

const why = whyTooOld(Deno.version.deno);
if (why !== undefined) {
  Deno.stderr.writeSync(new TextEncoder().encode(`codebeaker: ${why}\n`));
  Deno.exit(1);
}
