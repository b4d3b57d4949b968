import type { HonoRequest } from "hono";

/** The host that a client means, with its port where it names one. HTTP/2 has no Host, but an authority. */
export function hostOf(request: HonoRequest): string {
  return request.header("host") ?? new URL(request.url).host;
}

/**
 * Whether a page of this origin was served under this host. Its scheme is not compared: who ends TLS in front of the service
 * passes the host on, and not the scheme.
 */
export function isOwnOrigin(origin: string, host: string): boolean {
  const scheme = /^https?:\/\//i.exec(origin)?.[0];
  if (scheme === undefined) return false;
  const own = authorityOf(host, scheme);
  return own !== undefined && own === authorityOf(origin.slice(scheme.length), scheme);
}

/** `host` or `host:port` as a URL of that scheme spells it, and undefined for anything that reads otherwise as a URL. */
function authorityOf(text: string, scheme: string): string | undefined {
  const isPlain = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(text);
  return isPlain && URL.canParse(`${scheme}${text}`) ? new URL(`${scheme}${text}`).host : undefined;
}
