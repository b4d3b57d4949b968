import type { McpServerFactory } from "@modelcontextprotocol/server";
import { serveStdio as serve, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { LOCAL_USER } from "../../core/principal.ts";
import { log } from "../../log.ts";
import { createBridge, type SendToService } from "./bridge.ts";
import { type McpParts, McpServers } from "./server.ts";

/**
 * Answers one client on this process's stdin and stdout, as the local user. Returns when the client has closed its end,
 * or `signal` aborts; what runs then is cancelled.
 */
export async function serveStdio(parts: McpParts, signal: AbortSignal): Promise<void> {
  let requests = 0;
  const servers = new McpServers(parts, () => ({ caller: { principal: LOCAL_USER, requestId: `mcp.${++requests}` } }));
  await connect(() => servers.create(), signal);
}

/** Passes the requests of one client on stdin to a service. Returns as {@link serveStdio} does. */
export async function bridgeStdio(send: SendToService, signal: AbortSignal): Promise<void> {
  await connect(() => createBridge(send), signal);
}

async function connect(factory: McpServerFactory, signal: AbortSignal): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const transport = new StdioServerTransport();
  const connection = serve(factory, {
    transport,
    onerror: (error) => log.debug("mcp.refused", { error: error.message }),
  });
  const end = transport.onclose;
  transport.onclose = () => {
    end?.();
    closed.resolve();
  };
  signal.addEventListener("abort", () => closed.resolve());
  if (!signal.aborted) await closed.promise;
  await connection.close();
}
