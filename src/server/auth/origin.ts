import type { HonoRequest } from "hono";

/** The host that a request names, with its port if named. HTTP/2 has an authority instead of Host. */
export function hostOf(request: HonoRequest): string {
  return request.header("host") ?? new URL(request.url).host;
}

/**
 * Whether a page of this origin was served under this host. Schemes are not compared: a proxy that ends TLS passes on
 * the host but not the scheme.
 */
export function isOwnOrigin(origin: string, host: string): boolean {
  const scheme = /^https?:\/\//i.exec(origin)?.[0];
  if (scheme === undefined) return false;
  const own = authorityOf(host, scheme);
  return own !== undefined && own === authorityOf(origin.slice(scheme.length), scheme);
}

/** Spells `host` or `host:port` as a URL of the scheme does. Undefined for text that a URL reads otherwise. */
function authorityOf(text: string, scheme: string): string | undefined {
  const isPlain = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(text);
  return isPlain && URL.canParse(`${scheme}${text}`) ? new URL(`${scheme}${text}`).host : undefined;
}
