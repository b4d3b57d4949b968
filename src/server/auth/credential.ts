import type { HonoRequest } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import { PROTOCOL_PATHS } from "../protocol_paths.ts";

/** Subprotocol of the WebSocket. A client that sends its key as a subprotocol offers this one beside it. */
const SUBPROTOCOL = "codebeaker";

/** Start of the subprotocol that holds a key. A browser does not let a page set headers of a WebSocket. */
const KEY_PREFIX = `${SUBPROTOCOL}.key.`;

/** Paths of other protocols, and where these send keys. */
const OTHER_KEYS: readonly (readonly [paths: RegExp, keysIn: (request: HonoRequest) => (string | undefined)[]])[] = [
  [
    PROTOCOL_PATHS.e2b,
    (request) => ["x-access-token", "e2b-traffic-access-token"].map((name) => request.header(name)?.trim()),
  ],
  [PROTOCOL_PATHS.jupyter, (request) => [
    /^token +(\S+) *$/i.exec(request.header("authorization") ?? "")?.[1],
    /^.+$/s.exec(request.query("token") ?? "")?.[0], // An empty one is none.
  ]],
];

/**
 * Finds the API key of a request; undefined where there is none. A key comes in the header `Authorization` as a bearer,
 * in `X-API-Key`, in the subprotocol `codebeaker.key.<key>` of a WebSocket, or where the path's own protocol sends it.
 *
 * @throws {CodeBeakerError} `unauthorized` for several keys that differ, and for a subprotocol without a key
 */
export function keyOf(request: HonoRequest): string | undefined {
  const given = [
    /^Bearer +(\S+) *$/i.exec(request.header("authorization") ?? "")?.[1],
    request.header("x-api-key")?.trim(),
    ...offeredProtocols(request).filter(isKey).map(keyIn),
    ...OTHER_KEYS.find(([paths]) => paths.test(request.path))?.[1](request) ?? [],
  ];
  const keys = new Set(given.filter((key) => key !== undefined));
  if (keys.size <= 1) return keys.values().next().value;
  throw new CodeBeakerError(
    "unauthorized",
    "Cannot tell which API key counts as this request carries several that differ: send only one",
  );
}

/**
 * Selects a subprotocol that a client offers (RFC 6455, 4.2.2); undefined for none. A subprotocol that holds a key is
 * selected only where no other is offered, since answers are logged more often than requests.
 *
 * @param preferred subprotocols that the path's own protocol has, the best first
 */
export function selectProtocol(request: HonoRequest, preferred: readonly string[] = []): string | undefined {
  const offered = offeredProtocols(request);
  const known = [...preferred, SUBPROTOCOL].find((protocol) => offered.includes(protocol));
  if (known !== undefined) return known;
  return offered.some(isKey) ? offered.find((protocol) => !isKey(protocol)) ?? offered[0] : undefined;
}

function offeredProtocols(request: HonoRequest): string[] {
  if (request.header("upgrade")?.toLowerCase() !== "websocket") return [];
  const header = request.header("sec-websocket-protocol") ?? "";
  return header.split(",").map((protocol) => protocol.trim()).filter((protocol) => protocol !== "");
}

function isKey(protocol: string): boolean {
  return protocol.startsWith(KEY_PREFIX);
}

function keyIn(protocol: string): string {
  const key = protocol.slice(KEY_PREFIX.length);
  if (key !== "") return key;
  throw new CodeBeakerError(
    "unauthorized",
    `Cannot serve this request as its subprotocol ${KEY_PREFIX}<key> has no key`,
  );
}
