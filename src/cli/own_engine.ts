import { type CommandEngine, composeCommand } from "../compose/mod.ts";
import { loadConfig } from "../config.ts";

/** Asks an engine of this process, which is made for this question only. */
export async function askOwnEngine<Answer>(
  settings: Readonly<Record<string, unknown>>,
  ask: (engine: CommandEngine["engine"]) => Promise<Answer>,
): Promise<Answer> {
  await using service = await composeCommand(await loadConfig(settings));
  return await ask(service.engine);
}
