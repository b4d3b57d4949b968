import type { Context } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import { hostOf } from "./origin.ts";

/** The part of `Deno.serve`'s connection that the service uses. */
export interface Connection {
  readonly remoteAddr?: Deno.Addr;
  /** Settles when the answer is sent, or its client is gone. */
  readonly completed?: Promise<void>;
}

/**
 * Checks that a client is on this machine and no web page. Without keys, every client that reaches the service can use
 * it. A page in a browser on this machine has its own `Origin`, or a `Host` that was rebound to this address.
 *
 * @throws {CodeBeakerError} `unauthorized`, `permission_denied`
 */
export function checkLoopback({ env, req }: Pick<Context<{ Bindings: Connection }>, "env" | "req">): void {
  const address = env?.remoteAddr;
  if (address === undefined || !("hostname" in address) || !isLoopback(address.hostname)) {
    throw new CodeBeakerError(
      "unauthorized",
      "Cannot serve a client of another machine as no API key is configured: create one with codebeaker keys create",
    );
  }
  const host = hostOf(req);
  if (!isLoopbackHost(host)) {
    throw new CodeBeakerError(
      "permission_denied",
      `Cannot serve this Host as it must be loopback while no API key is configured: current value is ${
        JSON.stringify(host)
      }`,
    );
  }
  const origin = req.header("origin");
  if (origin !== undefined && !isLoopbackHost(/^https?:\/\/(.*)$/.exec(origin)?.[1] ?? "")) {
    throw new CodeBeakerError(
      "permission_denied",
      `Cannot serve this Origin as it must be loopback while no API key is configured: current value is ${
        JSON.stringify(origin.slice(0, 200))
      }`,
    );
  }
}

/** Whether a name or address always means this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name) ||
    /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(name);
}

/** Applies {@link isLoopback} to `host` or `host:port` of a header. Text that a URL reads otherwise is no host. */
function isLoopbackHost(text: string): boolean {
  const host = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i.exec(text)?.[1];
  return host !== undefined && isLoopback(host);
}
