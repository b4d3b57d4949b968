import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { log } from "../../log.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import { ClientWatch } from "./client_watch.ts";
import { isLoopback } from "../auth/loopback.ts";
import type { Handler } from "../handler.ts";

/** Time for connections to end after the last program. Then the process ends them. */
const CLOSE_GRACE_MS = 1_000;
const REOPEN_MS = 100;

/** The address to listen on, and the handler of requests. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Whether clients need a key. Without keys, the service listens on loopback addresses only. */
  readonly hasKeys?: boolean;
  readonly fetch: Handler;
}

/** A listener for HTTP. */
export interface Listener {
  readonly url: string;
  /** Accepts no more connections, waits for `drain`, and then closes the open ones. */
  close(drain: () => Promise<void>): Promise<void>;
}

/**
 * Listens for HTTP. A request's `signal` aborts when its client disconnects, and only then. When the system refuses to
 * accept connections (without free descriptors, for example), the listener is opened again.
 *
 * @throws {CodeBeakerError} `invalid_request` for an address that is not loopback while no key is configured, or that
 *   cannot be listened on
 */
export function listen({ host, port, hasKeys = false, fetch }: ListenOptions): Listener {
  if (!hasKeys && !isLoopback(host)) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot listen on this host as it must be loopback while no API key is configured (codebeaker keys create NAME): current value is ${
        JSON.stringify(host)
      }`,
    );
  }
  let isClosing = false;
  const clients = new ClientWatch();
  let server = open({ hostname: host, port }, { fetch, clients });
  const { hostname, port: actualPort } = server.addr;

  function keepOpen(): void {
    server.finished.catch((error: unknown) => {
      log.error("http.listener_failed", { error: messageOf(error) });
      reopen();
    });
  }

  function reopen(): void {
    setTimeout(() => {
      if (isClosing) return;
      try {
        server = open({ hostname: host, port: actualPort }, { fetch, clients });
        log.info("http.listener_reopened", { host, port: actualPort });
        keepOpen();
      } catch (error) {
        log.error("http.listener_reopen_failed", { error: messageOf(error) });
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
      await clients[Symbol.asyncDispose]();
    },
  };
}

function open(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  { clients, fetch }: Pick<ListenOptions, "fetch"> & { readonly clients: ClientWatch },
): Deno.HttpServer<Deno.NetAddr> {
  try {
    // Both ports identify a connection; the system has chosen the local one.
    const server = Deno.serve({ hostname, port, onListen: () => {} }, (request, info) => {
      clients.follow(request, info, server.addr.port);
      return fetch(request, info);
    });
    return server;
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot listen on ${hostname} port ${port} ${whyNot(cause, port)}`, {
      cause,
    });
  }
}

/** Explains why the service cannot listen on an address, and what to do. */
function whyNot(error: unknown, port: number): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `as another process has it: find that with ss -ltnp 'sport = :${port}', or take a free port with --port 0`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "as this machine does not have that address: name one of its own with --host";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "as this user may not: take a port of 1024 or more with --port";
  }
  return `as the system refuses: ${messageOf(error)}`;
}
