import type { Command } from "commander";
import { bridgeAgent, serveAgent } from "../compose/mod.ts";
import { loadConfig } from "../config.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { logUnhandledRejections, startLog } from "../log.ts";
import type { CommandContext } from "./context.ts";
import { exitCodeOfSignal } from "./exit_code.ts";
import { interruptible } from "./interruptible.ts";
import { addServiceFlags, ServiceClient } from "./service_client.ts";
import { addSettings, runtimeSettings, settingsFor } from "./settings.ts";

/** The path of the Model Context Protocol in a service. `--url` may end with it. */
const PATH = "/mcp";

interface McpFlags {
  readonly url?: string;
  readonly key?: string;
  readonly [setting: string]: unknown;
}

/** Defines `codebeaker mcp`, which agents and editors start and speak with on stdin and stdout. */
export function defineMcp(command: Command, context: CommandContext): void {
  addServiceFlags(command, "default: none, and programs run in this process");
  addSettings(command, [...settingsFor("mcp"), ...runtimeSettings()]);
  command.action(async (flags: McpFlags) => context.setExitCode(await serveMcp(flags, context)));
}

async function serveMcp({ key, url, ...settings }: McpFlags, context: CommandContext): Promise<number> {
  using interrupt = interruptible();
  const { signal } = interrupt;
  if (url === undefined) {
    if (key !== undefined) throw unused("--key without --url");
    const config = await loadConfig(settings);
    await startLog(config);
    logUnhandledRejections();
    await serveAgent(config, signal);
  } else {
    if (Object.keys(settings).length > 0) throw unused("settings of its own with --url");
    const service = new ServiceClient({ url: url.replace(/\/mcp\/*$/, ""), key }, context);
    await bridgeAgent((message) => service.post(PATH, message), signal);
  }
  return typeof signal.reason === "string" ? exitCodeOfSignal(signal.reason) : 0;
}

function unused(what: string): CodeBeakerError {
  const message = `Cannot use ${what}: the service at --url has the settings, and asks for the key`;
  return new CodeBeakerError("invalid_request", message);
}
