import { type CommandContext, findCommand } from "../../src/commands/mod.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";

/** Parses a command object and runs it. */
export async function runCommand(
  environment: ExecutionEnvironment,
  command: unknown,
  context: CommandContext,
): Promise<unknown> {
  return await findCommand(command).run(environment, context);
}
