import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { log } from "../../log.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import { ClientWatch } from "./client_watch.ts";
import { isLoopback } from "../auth/loopback.ts";

/** How long a connection may still take to end when nothing runs any more; the process ends it then. */
const CLOSE_GRACE_MS = 1_000;

const REOPEN_MS = 100;

/** Where to listen, and what answers. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Whether clients must bring a key; without, only this machine may be listened to. */
  readonly hasKeys?: boolean;
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;
}

/** A listening door. */
export interface Listener {
  readonly url: string;
  /** Accepts nothing new, lets `drain` finish what runs, and then closes what is still open. */
  close(drain: () => Promise<void>): Promise<void>;
}

/**
 * Opens the HTTP door: a request's `signal` is aborted when its client goes away, and only then. Should the system refuse to
 * accept connections (no descriptors left, say), it is opened anew.
 *
 * @throws {CodeBeakerError} `invalid_request` for an address that is not loopback while no key is configured, or that
 *   cannot be listened on
 */
export function listen({ host, port, hasKeys = false, fetch }: ListenOptions): Listener {
  if (!hasKeys && !isLoopback(host)) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot listen on this host as it must be loopback while no API key is configured: current value is ${
        JSON.stringify(host)
      }`,
    );
  }
  let isClosing = false;
  let server = open({ hostname: host, port }, fetch);
  const { hostname, port: actualPort } = server.addr;

  function keepOpen(): void {
    server.finished.catch((error: unknown) => {
      log.error("the door closed and is opened anew", { error: messageOf(error) });
      reopen();
    });
  }

  function reopen(): void {
    setTimeout(() => {
      if (isClosing) return;
      try {
        server = open({ hostname: host, port: actualPort }, fetch);
        keepOpen();
      } catch (error) {
        log.error("the door cannot be opened yet", { error: messageOf(error) });
        reopen();
      }
    }, REOPEN_MS);
  }

  keepOpen();
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${actualPort}`,
    async close(drain) {
      isClosing = true;
      const closed = server.shutdown();
      await drain();
      await settledWithin(closed, CLOSE_GRACE_MS);
    },
  };
}

function open(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  handler: ListenOptions["fetch"],
): Deno.HttpServer<Deno.NetAddr> {
  try {
    const clients = new ClientWatch();
    // A connection is known by both its ports, and which one this is the system says.
    const server = Deno.serve({ hostname, port, onListen: () => {} }, (request, info) => {
      clients.follow(request, info, server.addr.port);
      return handler(request, info);
    });
    return server;
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot listen on ${hostname} port ${port}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
