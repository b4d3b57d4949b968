import type { McpServerFactory } from "@modelcontextprotocol/server";
import { serveStdio as serve, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { stdin, stdout } from "node:process";
import type { Readable, Writable } from "node:stream";
import { CodeBeakerError } from "../../core/errors.ts";
import { LOCAL_USER } from "../../core/principal.ts";
import { log } from "../../log.ts";
import { createBridge, type SendToService } from "./bridge.ts";
import { type McpParts, McpServers } from "./server.ts";

/** Most bytes of unread messages, and so of one. A service takes bodies of as many. */
const MAX_MESSAGE_BYTES = 16_777_216;

/** The connection of one client. */
export interface StdioOptions {
  readonly signal: AbortSignal;
  /** Default: stdin and stdout of this process. */
  readonly input?: Readable;
  readonly output?: Writable;
  /** Most bytes of one message. Default: 16 MiB. */
  readonly maxBytes?: number;
}

/**
 * Answers one client on this process's stdin and stdout, as the local user. Returns when the client has closed its end,
 * or `signal` aborts; what runs then is cancelled.
 *
 * @throws {CodeBeakerError} `too_large` for a message over 16 MiB; `internal` when stdout fails
 */
export async function serveStdio(parts: McpParts, signal: AbortSignal): Promise<void> {
  let requests = 0;
  const servers = new McpServers(parts, () => ({ caller: { principal: LOCAL_USER, requestId: `mcp.${++requests}` } }));
  await connect(() => servers.create(), { signal });
}

/** Passes the requests of one client on stdin to a service. Returns as {@link serveStdio} does. */
export async function bridgeStdio(send: SendToService, options: StdioOptions): Promise<void> {
  await connect(() => createBridge(send), options);
}

async function connect(
  factory: McpServerFactory,
  { input = stdin, maxBytes = MAX_MESSAGE_BYTES, output = stdout, signal }: StdioOptions,
): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const transport = new StdioServerTransport(input, output, { maxBufferSize: maxBytes });
  const connection = serve(factory, {
    transport,
    onerror: (error) => log.debug("mcp.refused", { error: error.message }),
  });
  const { onclose: end, onerror: report } = transport;
  let failure: Error | undefined;
  transport.onerror = (error) => {
    report?.(error);
    failure = error;
    queueMicrotask(() => failure = undefined); // The transport closes in the same turn, or goes on.
  };
  transport.onclose = () => {
    end?.();
    if (failure === undefined) closed.resolve();
    else closed.reject(endedBy(failure));
  };
  signal.addEventListener("abort", () => closed.resolve());
  try {
    if (!signal.aborted) await closed.promise;
  } finally {
    await connection.close();
  }
}

function endedBy(cause: Error): CodeBeakerError {
  const message = `Cannot go on with this client as its connection failed: ${cause.message}`;
  return new CodeBeakerError(cause.message.includes("maximum size") ? "too_large" : "internal", message, { cause });
}
