import type { Command } from "commander";
import { composeService } from "../compose.ts";
import { loadConfig, SETTING_NAMES } from "../config.ts";
import { startLog } from "../log.ts";
import { print } from "./output.ts";
import { addSettings } from "./settings.ts";

/** `codebeaker serve`: listens until SIGTERM or SIGINT. */
export function addServeCommand(program: Command): void {
  addSettings(program.command("serve").description("run the HTTP service"), SETTING_NAMES).action(serve);
}

async function serve(flags: Record<string, unknown>): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", () => stopped.resolve());
  Deno.addSignalListener("SIGINT", () => stopped.resolve());
  const config = await loadConfig(flags);
  await startLog(config.logLevel);
  await using service = await composeService(config);
  const { url } = service.listen();
  const runtimes = await service.engine.describeRuntimes();
  const found = runtimes.map(({ name, available, reason }) => available ? name : `${name} (unavailable: ${reason})`);
  await print(`CodeBeaker listens on ${url}, runtimes: ${found.join(", ")}`);
  if (!runtimes.some(({ available, isolation }) => available && isolation.level >= config.minIsolation)) {
    const best = Math.max(...runtimes.map(({ isolation, available }) => available ? isolation.level : 0));
    await print(
      `No runtime reaches the isolation floor ${config.minIsolation} (the best has ${best}): lower --min-isolation, or make one available`,
    );
  }
  await stopped.promise;
}
