/** What of a Deno is left out, and what is put in its place. */
export interface DenoWeakening {
  /** Flags that it never gets, as a pattern of a shell's `case`. */
  readonly withoutFlag?: string;
  readonly withFlags?: readonly string[];
  /** What the shell does before it. */
  readonly before?: string;
}

/** How a program's process says that it may begin, in a shell. */
export const SAY_READY = "printf '\\000\\007\\000' >&2";

/**
 * A Deno that does not do all that it is told, below a directory; it starts only where no layer of the operating system hides
 * the rest of this machine.
 */
export async function writeWeakenedDeno(
  directory: string,
  { before = "", withFlags = [], withoutFlag = "''" }: DenoWeakening,
): Promise<string> {
  const path = `${directory}/weakened_deno`;
  const script = `#!/bin/sh
${before}
shift
for flag do
  shift
  case $flag in ${withoutFlag}) ;; *) set -- "$@" "$flag" ;; esac
done
exec "${Deno.execPath()}" run ${withFlags.join(" ")} "$@"
`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  return path;
}
