import $ from "@david/dax";
import { PROJECT } from "./service_process.ts";
import { CHILD_SETTINGS } from "./variables.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a process of its own. */
export async function runCommandLine(
  args: readonly string[],
  options: { stdin?: string; env?: Record<string, string> } = {},
): Promise<CliResult> {
  const command = $`${Deno.execPath()} run --quiet --allow-all main.ts ${args}`
    .cwd(PROJECT)
    .env({ CODEBEAKER_REQUIRE: undefined, ...CHILD_SETTINGS, ...options.env })
    .stdinText(options.stdin ?? "")
    .stdout("piped")
    .stderr("piped")
    .noThrow();
  const { code, stdout, stderr } = await command;
  return { code, stdout, stderr };
}
