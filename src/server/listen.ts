import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { isLoopback } from "./loopback.ts";

/** How long a connection may still take to end when nothing runs any more. */
const CLOSE_GRACE_MS = 1_000;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;
}

/** A listening door. */
export interface Listener {
  readonly url: string;
  /** Accepts nothing new, lets `drain` finish what runs, and then closes what is still open. */
  close(drain: () => Promise<void>): Promise<void>;
}

/**
 * Opens the HTTP door.
 *
 * @throws {CodeBeakerError} `invalid_request` for an address that is not loopback while no key is configured, or that
 *   cannot be listened on
 */
export function listen({ host, port, fetch }: ListenOptions): Listener {
  if (!isLoopback(host)) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot listen on this host as it must be loopback while no API key is configured: current value is ${
        JSON.stringify(host)
      }`,
    );
  }
  const abort = new AbortController();
  const server = open({ hostname: host, port, signal: abort.signal, onListen: () => {} }, fetch);
  const { hostname, port: actual } = server.addr;
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${actual}`,
    async close(drain) {
      const closed = server.shutdown();
      await drain();
      const timer = setTimeout(() => abort.abort(), CLOSE_GRACE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

function open(options: Deno.ServeTcpOptions, handler: ListenOptions["fetch"]): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve(options, handler);
  } catch (cause) {
    const message = `Cannot listen on ${options.hostname} port ${options.port}: ${messageOf(cause)}`;
    throw new CodeBeakerError("invalid_request", message, { cause });
  }
}
