import type { Config } from "../config.ts";
import type { SendToService } from "../server/mcp/bridge.ts";
import { composeService } from "./service.ts";

/**
 * Answers one agent on this process's stdin and stdout. Its programs run in this process's own engine, which works beside
 * a service of the same home and keeps nothing. Returns when the agent has closed its end, or `signal` aborts.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export async function serveAgent(config: Config, signal: AbortSignal): Promise<void> {
  await using service = await composeService(config, { isPassing: true });
  const { serveStdio } = await import("../server/mcp/stdio.ts");
  await serveStdio(service.ports, signal);
}

/** Passes the requests of one agent on stdin to a service. Returns as {@link serveAgent} does. */
export async function bridgeAgent(send: SendToService, signal: AbortSignal): Promise<void> {
  const { bridgeStdio } = await import("../server/mcp/stdio.ts");
  await bridgeStdio(send, { signal });
}
