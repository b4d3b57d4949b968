import type { Context } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import type { DoorKeys } from "../auth/auth.ts";
import { keyOf, selectProtocol } from "../auth/credential.ts";
import type { AppEnv } from "../http/app_env.ts";
import { methodNotAllowed } from "../http/methods.ts";
import type { SocketPeer, SocketProtocol } from "./server_socket.ts";
import type { ServerSockets } from "./server_sockets.ts";

/** The only version of the WebSocket protocol (RFC 6455, 4.1). */
const WEBSOCKET_VERSION = "13";

/** Parts of a door with WebSockets. */
export interface SocketDoor {
  /** Open connections, which their owner closes. */
  readonly sockets: ServerSockets;
  readonly keys: DoorKeys;
  readonly observer: Observer;
}

/** The protocol of a door's WebSockets. */
export interface SpokenProtocol {
  /** Subprotocols that the client may offer, in order of preference. */
  readonly protocols?: readonly string[];
  /** Makes the protocol of the connection. */
  speak(peer: SocketPeer): SocketProtocol;
}

/**
 * Answers a GET by a WebSocket that speaks a protocol. Its subprotocol is the first of `protocols` that the client offers.
 *
 * @throws {CodeBeakerError} `busy` when too many are open; `invalid_request` for a request without an upgrade
 */
export function openSocket(
  context: Context<AppEnv>,
  { sockets, keys, observer }: SocketDoor,
  { protocols, speak }: SpokenProtocol,
): Response {
  if (context.req.method === "HEAD") throw methodNotAllowed(context, ["GET"]);
  const version = context.req.header("sec-websocket-version");
  if (version !== undefined && version !== WEBSOCKET_VERSION) throw wrongVersion(context, version);
  const key = keys.hasKeys() ? keyOf(context.req) : undefined;
  return sockets.upgrade(context.req.raw, {
    protocol: selectProtocol(context.req, protocols),
    caller: context.get("caller"),
    observer,
    speak,
    checkKey() {
      if (keys.hasKeys()) keys.authenticate(key);
    },
  });
}

/** Makes the error for another version of the protocol. The answer names the supported version (RFC 6455, 4.4). */
function wrongVersion(context: Context<AppEnv>, version: string): CodeBeakerError {
  context.header("connection", "upgrade");
  context.header("upgrade", "websocket");
  context.header("sec-websocket-version", WEBSOCKET_VERSION);
  context.set("problemStatus", 426);
  return new CodeBeakerError(
    "invalid_request",
    `Cannot open a WebSocket as Sec-WebSocket-Version must be ${WEBSOCKET_VERSION}: current value is ${
      JSON.stringify(version.slice(0, 64))
    }`,
  );
}
