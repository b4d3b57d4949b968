import { PROJECT } from "./project.ts";

/**
 * Runs a command in the project's directory; returns what it prints to stdout.
 *
 * @throws when it fails, with what it printed to stderr
 */
export async function runTool(
  file: string,
  args: readonly string[],
  { cwd = PROJECT }: { readonly cwd?: string } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(file, { args: [...args], cwd, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${file} ${args.join(" ")}: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout);
}

/** Runs a command of the Deno that runs this. @throws as {@link runTool} does */
export async function runDeno(args: readonly string[]): Promise<string> {
  return await runTool(Deno.execPath(), args);
}
