import type { Command } from "commander";
import { composeCommand } from "../compose/mod.ts";
import { loadConfig } from "../config.ts";
import { isHealthy } from "../core/diagnosis.ts";
import type { CommandContext } from "./context.ts";
import { describeDiagnosis } from "./diagnosis_text.ts";
import { paletteFor } from "./palette.ts";
import { addSettings, runtimeSettings, settingsFor } from "./settings.ts";

/** The exit code when a canary is broken, or no runtime reaches the floor. */
const EXIT_UNHEALTHY = 1;

const EXIT_CODES = `
Every canary is run again. Exit code: 0 when each runtime that is installed keeps
every promise, and one reaches the isolation floor; 1 when a canary is broken,
or no runtime reaches the floor; 2 when the command line is wrong.
GET /v1/diagnostics answers with what --json prints.`;

interface DoctorFlags {
  readonly json?: true;
  readonly [setting: string]: unknown;
}

/**
 * Defines `codebeaker doctor`, which prints the layers around programs and the self-tests' findings. It also prints how
 * to reach a higher level.
 */
export function defineDoctor(command: Command, context: CommandContext): void {
  command
    .option("--json", "print everything as JSON")
    .addHelpText("after", EXIT_CODES);
  addSettings(command, [...settingsFor("doctor"), ...runtimeSettings()]).action(async (flags: DoctorFlags) =>
    context.setExitCode(await examine(flags, context))
  );
}

async function examine(
  { json, ...settings }: DoctorFlags,
  { print, stdout }: CommandContext,
): Promise<number> {
  await using service = await composeCommand(await loadConfig(settings), {
    rerunsSelfTests: true,
  });
  const diagnosis = await service.engine.diagnose();
  await print(json ? JSON.stringify(diagnosis, null, 2) : describeDiagnosis(diagnosis, paletteFor(stdout)));
  return isHealthy(diagnosis) ? 0 : EXIT_UNHEALTHY;
}
