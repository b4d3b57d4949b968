import { PROJECT } from "./project.ts";

/** Where a command runs, and its variables beside those of this process. */
interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command, in the project's directory unless an option names another; returns what it prints to stdout.
 *
 * @throws when it fails, with what it printed to stderr
 */
export async function runTool(
  file: string,
  args: readonly string[],
  { cwd = PROJECT, env = {} }: ToolOptions = {},
): Promise<string> {
  const command = new Deno.Command(file, { args: [...args], cwd, env: { ...env }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${file} ${args.join(" ")}: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout);
}

/** Runs a command of the Deno that runs this. @throws as {@link runTool} does */
export async function runDeno(args: readonly string[], options: ToolOptions = {}): Promise<string> {
  return await runTool(Deno.execPath(), args, options);
}
