import { join } from "@std/path";

/** The package is in a project of its own: 60 MB that only tests need are in no clone's cache. */
const PROJECT = { imports: { "@openai/agents": "npm:@openai/agents@0.20.0" }, lock: false };

/** Runs Deno with a program that imports `@openai/agents`. Returns what it printed. */
export async function runWithAgents(
  command: readonly string[],
  program: string,
  args: readonly string[] = [],
): Promise<{ readonly success: boolean; readonly printed: string }> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(directory, "deno.json"), JSON.stringify(PROJECT));
    await Deno.writeTextFile(join(directory, "main.ts"), program);
    const [name = "", ...flags] = command;
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: [name, "--quiet", ...flags, "main.ts", ...args],
      cwd: directory,
      stdin: "null",
    }).output();
    return { success, printed: `${new TextDecoder().decode(stdout)}${new TextDecoder().decode(stderr)}` };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
