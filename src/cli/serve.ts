import type { Command } from "commander";
import { composeService } from "../compose/mod.ts";
import { loadConfig, readManagerSocket, SETTINGS } from "../config.ts";
import { watchLaunchers } from "../host/launchers.ts";
import { reportTo } from "../host/service_manager.ts";
import { log, logUnhandledRejections, prepareLog } from "../log.ts";
import { announce, describeStart } from "./announce.ts";
import type { CommandContext } from "./context.ts";
import type { Output } from "./output.ts";
import { unlessInterrupted } from "./interruptible.ts";
import { addSettings } from "./settings.ts";

/** Defines `codebeaker serve`, which listens until SIGTERM or SIGINT. */
export function defineServe(command: Command, { stdout }: Pick<CommandContext, "stdout">): void {
  addSettings(command, Object.keys(SETTINGS)).action((flags) => serve(flags, stdout));
}

async function serve(flags: Record<string, unknown>, stdout: Output): Promise<void> {
  const startLog = prepareLog();
  const stop = new AbortController();
  Deno.addSignalListener("SIGTERM", () => stop.abort());
  Deno.addSignalListener("SIGINT", () => stop.abort());
  const manager = readManagerSocket();
  // `systemctl reload` sends SIGHUP, which would end a service without a log file.
  if (manager !== undefined) Deno.addSignalListener("SIGHUP", () => {});
  const report = (state: string) => {
    // The manager ends a service that does not report its start.
    if (manager !== undefined && !reportTo(manager, state)) log.warning("manager.report_failed", { manager, state });
  };
  const config = await loadConfig(flags);
  await startLog(config);
  logUnhandledRejections();
  using _launchers = watchLaunchers(() => {
    log.info("service.launcher_ended");
    stop.abort();
  });
  await using service = await composeService(config);
  const { url } = service.listen();
  stop.signal.addEventListener("abort", () => report("STOPPING=1\nSTATUS=Waits for running programs"));
  void service.probes.firstAvailable.then((runtime) => {
    if (!stop.signal.aborted) report(`READY=1\nSTATUS=${describeStart(url, runtime)}`);
  });
  await unlessInterrupted(announce(service, { url, stdout, signal: stop.signal }), stop.signal); // Self-tests may take long.
  await unlessInterrupted(new Promise(() => {}), stop.signal);
}
