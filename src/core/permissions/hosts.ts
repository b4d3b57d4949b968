import { z } from "zod";

const HOST =
  /^(?<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?<port>[1-9][0-9]{0,4}))?$/;

/** The wire form of an entry of `allowNet`: `host` (every port) or `host:port`. */
export const hostSchema = z.string()
  .refine(
    (entry) => HOST.test(entry),
    'A host is "name", "address" or "[address]", with an optional ":port"',
  )
  .refine((entry) => Number(HOST.exec(entry)?.groups?.["port"] ?? 1) <= 65_535, "A port is at most 65535");

/** The IPv4 address of an entry, or undefined. It reads any spelling of a URL (`127.1`, `0x7f000001`, `localhost`). */
export function addressOf(entry: string): string | undefined {
  const { host } = parseHost(entry);
  if (host === "localhost" || host.endsWith(".localhost")) return "127.0.0.1";
  return /^[0-9.]+$/.test(host) && URL.canParse(`http://${host}/`) ? host : undefined;
}

/** Makes a test of whether allowed entries cover an entry, whatever its spelling. */
export function hostFilter(allowed: readonly string[]): (entry: string) => boolean {
  const covered = new Set(allowed.map((entry) => format(parseHost(entry))));
  return (entry) => {
    const named = parseHost(entry);
    return covered.has(named.host) || covered.has(format(named));
  };
}

function format({ host, port }: ReturnType<typeof parseHost>): string {
  return port === undefined ? host : `${host}:${port}`;
}

/** Parses an entry. The host comes in the spelling of URLs. */
function parseHost(entry: string): { readonly host: string; readonly port: string | undefined } {
  const { host = "", port } = HOST.exec(entry)?.groups ?? {};
  const url = `http://${host}/`;
  return { host: URL.canParse(url) ? new URL(url).hostname : host.toLowerCase(), port };
}
